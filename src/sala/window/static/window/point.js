// Fills the two degrees from where the telephone is, for those who press the button. Without a script it is not shown.
(function () {
  "use strict";
  var button = document.querySelector("[data-my-place]");
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", function () {
    navigator.geolocation.getCurrentPosition(
      function (found) {
        document.getElementById("id_latitude").value = found.coords.latitude.toFixed(5);
        document.getElementById("id_longitude").value = found.coords.longitude.toFixed(5);
        document.querySelector("[data-degrees]").open = true;
        button.nextElementSibling.textContent = button.dataset.found;
      },
      function () {
        button.nextElementSibling.textContent = button.dataset.missing;
      },
      { enableHighAccuracy: true, timeout: 15000 }
    );
  });
})();
