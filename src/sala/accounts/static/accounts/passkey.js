// Lets a page's buttons ask the browser for a passkey; allauth's script does it and sends the form. Pages work without it by codes.
(function () {
  "use strict";
  var forms = window.allauth && window.allauth.webauthn && window.allauth.webauthn.forms;
  if (!forms || !window.PublicKeyCredential) return;
  document.addEventListener("allauth.error", function (event) {
    event.preventDefault();
    document.querySelectorAll("[data-passkey-failed]").forEach(function (note) {
      note.hidden = false;
      note.focus();
    });
  });
  document.querySelectorAll("[data-passkey]").forEach(function (button) {
    var ids = { credential: button.dataset.credential };
    var kind = button.dataset.passkey;
    ids[{ add: "signup", show: "authenticate", enter: "login" }[kind]] = button.id;
    var about = { ids: ids, data: JSON.parse(button.dataset.options || "{}") };
    if (kind === "add") forms.signupForm(about);
    else if (kind === "show") forms.authenticateForm(about);
    else forms.loginForm(about);
    button.closest("[data-passkey-part]").hidden = false;
  });
})();
