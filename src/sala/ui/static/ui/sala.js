// Keys on queues (J K Enter T N C /), only while no field has focus; can be turned off. Pages work without this file.
(function () {
  "use strict";
  var STORE = "sala-keys";
  var off = false;
  try { off = localStorage.getItem(STORE) === "off"; } catch (e) { off = false; }
  var toggle = document.querySelector("[data-keys-off]");

  function label() {
    if (!toggle) return;
    var other = toggle.dataset.keysOn;
    if (!toggle.dataset.keysLabel) toggle.dataset.keysLabel = toggle.textContent;
    toggle.textContent = off ? other : toggle.dataset.keysLabel;
    toggle.hidden = false;
  }
  if (toggle) {
    label();
    toggle.addEventListener("click", function () {
      off = !off;
      try { localStorage.setItem(STORE, off ? "off" : "on"); } catch (e) { /* private mode: for this page only */ }
      label();
    });
  }

  function rows() { return Array.prototype.slice.call(document.querySelectorAll("#queue tbody tr")); }
  function chosen() { return document.querySelector("#queue tbody tr.sel"); }
  function move(by) {
    var all = rows();
    if (!all.length) return;
    var now = all.indexOf(chosen());
    var next = Math.max(0, Math.min(all.length - 1, now < 0 ? 0 : now + by));
    if (now >= 0) { all[now].classList.remove("sel"); all[now].removeAttribute("aria-current"); }
    all[next].classList.add("sel");
    all[next].setAttribute("aria-current", "true");
    var link = all[next].querySelector("a");
    if (link) link.focus({ preventScroll: true });
    all[next].scrollIntoView({ block: "nearest" });
  }
  function press(key) {
    var row = chosen();
    var target = (row && row.querySelector('[data-key="' + key + '"]')) || document.querySelector('main [data-key="' + key + '"]');
    if (target) { target.click(); return true; }
    return false;
  }

  document.addEventListener("keydown", function (event) {
    if (off || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    var focus = document.activeElement;
    if (focus && /^(INPUT|SELECT|TEXTAREA)$/.test(focus.tagName)) return;
    var key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    var done = true;
    if (key === "J") move(1);
    else if (key === "K") move(-1);
    else if (key === "/") { var q = document.getElementById("q"); if (q) q.focus(); else done = false; }
    else if (key === "Enter") {
      // On a focused link or button Enter already means that one.
      if (focus && /^(A|BUTTON|SUMMARY)$/.test(focus.tagName)) return;
      var row = chosen();
      var link = row && row.querySelector("a");
      if (link) link.click(); else done = false;
    } else if (/^[A-Z]$/.test(key)) done = press(key);
    else done = false;
    if (done) event.preventDefault();
  });

  var errors = document.querySelector(".errs[role=alert]");
  if (errors) errors.focus();
})();
