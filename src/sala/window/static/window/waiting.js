// On pages with a form: lets the service worker know them. On the page for no network: shows what was not sent and what is
// kept, offers to keep it, sends and erases it. All of it works in the worker; without one these pages work as they are.
(function () {
  "use strict";
  var workers = navigator.serviceWorker, lang = document.documentElement.lang;
  if (!workers || !window.indexedDB) return;
  workers.register("/worker.js", { updateViaCache: "all" }).catch(function () { /* private mode: all goes on without */ });
  function ask(what, more) {
    return workers.ready.then(function (registration) {
      return new Promise(function (done, fail) {
        var pipe = new MessageChannel();
        pipe.port1.onmessage = function (event) { if (event.data.fault) fail(event.data.fault); else done(event.data.value); };
        registration.active.postMessage(Object.assign({ what: what, now: Date.now() }, more), [pipe.port2]);
      });
    });
  }
  var kept = document.getElementById("kept");
  window.addEventListener("online", function () { ask("flush").then(list); });
  ask("hello", { lang: lang }).catch(function () { /* no storage: all goes on without */ });
  if (!kept) return;

  var unsent = document.getElementById("unsent"), write = document.querySelector("#write form"), said = document.getElementById("said");
  var heading = document.getElementById("unsent-title"), draft = null, typed = false;
  function say(word, fill) { said.textContent = said.dataset[word].replace("{number}", fill || ""); said.focus(); }
  function show(id, on) { document.getElementById(id).hidden = !on; }

  // What a form held, as the browser itself would send it: for the answer's page with its errors.
  function post(row, fields) {
    var form = document.createElement("form");
    form.method = "post"; form.enctype = "multipart/form-data"; form.action = row.action; form.hidden = true;
    fields.forEach(function (pair) {
      var field = document.createElement("input");
      field.type = "hidden"; field.name = pair[0]; field.value = pair[1];
      form.append(field);
    });
    if (row.files.length) {
      var files = new DataTransfer(), chosen = document.createElement("input");
      row.files.forEach(function (file) { files.items.add(file); });
      chosen.type = "file"; chosen.name = "photos"; chosen.multiple = true; chosen.files = files.files;
      form.append(chosen);
    }
    document.body.append(form);
    form.submit();
  }
  function open(row) {
    ask("open", { row: row }).then(function (token) {
      if (!token.csrf) return say("other");
      post(row, row.fields.concat([["csrfmiddlewaretoken", token.csrf], ["step", "check"], ["next", "1"]]));
    }, function () { say("still"); });
  }
  function now(row) {
    say("sending");
    return ask("send", { row: row }).then(function (told) {
      if (told.state === "sent") location.assign(told.url);
      else if (told.state === "asks") open(row);
      else { say(told.state === "other" ? "other" : "still"); return told.state; }
    });
  }

  function list() {
    if (!kept) return;
    return ask("list").then(function (rows) {
      var box = kept.querySelector("[data-rows]"), pattern = document.getElementById("row");
      box.textContent = "";
      rows.forEach(function (row) {
        var item = pattern.content.cloneNode(true), at = new Date(row.at), code = (row.fields || []).filter(function (pair) { return pair[0] === "service"; })[0];
        var option = code && write.elements.service.querySelector('option[value="' + CSS.escape(code[1]) + '"]');
        var time = ("0" + at.getHours()).slice(-2) + ":" + ("0" + at.getMinutes()).slice(-2);
        item.querySelector("b").textContent = row.owner || !option ? kept.dataset.one : option.textContent;
        item.querySelector("p").textContent = kept.dataset[row.state].replace("{time}", time).replace("{number}", row.number || "");
        item.querySelectorAll("[data-do]").forEach(function (button) {
          var act = button.dataset.do;
          button.hidden = { waits: ["send", "erase"], asks: ["open", "erase"], sent: ["see", "forget"] }[row.state].indexOf(act) < 0;
          button.addEventListener("click", function () {
            if (act === "erase" || act === "forget") ask("erase", { key: row.key }).then(function () { say("erased"); list(); });
            else if (act === "see") location.assign(row.url);
            else if (act === "open") open(row);
            else now(row);
          });
        });
        box.append(item);
      });
      kept.hidden = !rows.length;
      show("none", !rows.length && unsent.hidden);
      return rows;
    });
  }

  unsent.querySelector("[data-do=again]").addEventListener("click", function () { if (typed) now(draft); else post(draft, draft.fields); });
  unsent.querySelector("[data-do=keep]").addEventListener("click", function () {
    ask("keep", { row: draft }).then(function () { show("unsent", false); show("write", false); say("kept"); list(); }, function () { say("full"); });
  });
  write.addEventListener("submit", function (event) {
    event.preventDefault();
    var form = new FormData(write), code = form.get("service"), report = write.elements.service.selectedOptions[0].parentNode.dataset.reports !== undefined;
    var key = Array.from(crypto.getRandomValues(new Uint8Array(16)), function (byte) { return ("0" + byte.toString(16)).slice(-2); }).join("");
    draft = {
      key: draft && typed ? draft.key : key, at: Date.now(), lang: lang, owner: "", state: "waits",
      action: "/" + lang + (report ? "/report" : "/services/" + code + "/apply"),
      fields: Array.from(form).filter(function (pair) { return typeof pair[1] === "string"; }),
      files: form.getAll("photos").filter(function (file) { return file.size; })
    };
    draft.fields.push(["idempotency_key", draft.key]);
    typed = true;
    now(draft).then(function (state) { if (state) { show("unsent", true); show("none", false); show("gone", false); heading.focus(); } });
  });
  ask("held").then(function (found) {
    draft = found;
    show("unsent", !!found);
    show("gone", !found && !/\/offline$/.test(location.pathname));
    show("write", !found && !/\/work\/new$/.test(location.pathname)); // at the counter one writes as an officer
    if (found) { document.title = heading.textContent + " - Sala"; heading.focus(); }
    var asked = /\/services\/([^/]+)\/apply$/.exec(location.pathname);
    if (asked) write.elements.service.value = asked[1];
    return list();
  });
  setInterval(function () {
    if (!document.hidden && !kept.hidden) ask("flush").then(list);
  }, 20000);
})();
