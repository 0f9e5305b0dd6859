// The service worker: stands between the browser and the network for residents' pages and the counter's form.
// It keeps the page for no network, holds in memory what could not be sent, and keeps it in IndexedDB only when told to.
// Nothing else is ever put into a cache: no page of a request, none of an office. VERSION and NEEDED stand above.
"use strict";
const DAY = 864e5, SHELLS = "sala-shells", ANY = { ignoreVary: true };
const SHOWN = /^\/((km|en)(\/((halls|services|report|requests|offline)(\/.*)?|work\/new)?)?)?$/;
const FORM = /^\/(km|en)\/(report|services\/[^/]+\/apply|work\/new)$/;
const ERASE = /^\/(km|en)\/offline$/;
const RECEIVED = /^\/(km|en)\/requests\/[^/]+\/received$/;
const BUTTONS = ["csrfmiddlewaretoken", "step", "next", "back", "edit", "change_place", "find_place", "show_map", "remove_file", "point.x", "point.y"];
const held = new Map(); // window -> what its form could not send; gone with this worker or once the window has it
const busy = new Map(); // key -> the sending under way

// ---- what is kept: one store, a row a form ----
async function store(mode, act) {
  const db = await new Promise((done, fail) => {
    const open = indexedDB.open("sala-kept", 1);
    open.onupgradeneeded = () => open.result.createObjectStore("kept", { keyPath: "key" });
    open.onsuccess = () => done(open.result);
    open.onerror = () => fail(open.error);
  });
  try {
    return await new Promise((done, fail) => {
      const deal = db.transaction("kept", mode), asked = act(deal.objectStore("kept"));
      deal.oncomplete = () => done(asked.result);
      deal.onabort = deal.onerror = () => fail(deal.error || asked.error);
    });
  } finally { db.close(); }
}
const put = (row) => store("readwrite", (rows) => rows.put(row));
const drop = (key) => store("readwrite", (rows) => rows.delete(key));
const empty = () => store("readwrite", (rows) => rows.clear());
// Every look at the rows first erases those older than a day, or written more than a day ahead (the clock was set back).
async function all(now) {
  const time = now || Date.now(), rows = await store("readonly", (kept) => kept.getAll());
  const old = rows.filter((row) => Math.abs(time - row.at) >= DAY);
  for (const row of old) await drop(row.key);
  return rows.filter((row) => !old.includes(row));
}

// ---- sending ----
function send(row) {
  if (!busy.has(row.key)) busy.set(row.key, deliver(row).finally(() => busy.delete(row.key)));
  return busy.get(row.key);
}
async function ready(row) {
  const answer = await fetch(`/${row.lang}/report/token`, { cache: "no-store" });
  if (!answer.ok) return null;
  return answer.json();
}
async function deliver(row) {
  let token, answer, told = {};
  try {
    token = await ready(row);
    if (!token) return { state: "waits" };
    if (token.owner !== row.owner) return { state: "other" };
    answer = await fetch(row.action, { method: "POST", body: bodyOf(row), redirect: "manual", headers: { Accept: "application/json", "X-CSRFToken": token.csrf } });
    if (answer.status === 201) told = await answer.json();
  } catch (gone) { return { state: "waits" }; }
  const kept = (await all()).some((each) => each.key === row.key);
  if (answer.status === 201) {
    const sent = { key: row.key, at: row.at, lang: row.lang, state: "sent", number: told.number, url: told.url };
    if (kept) await put(sent); // what was written is erased; the number stays until it was seen
    return sent;
  }
  if (![404, 410, 413, 422].includes(answer.status)) return { state: answer.status === 401 || answer.status === 403 ? "other" : "waits" };
  if (answer.status === 404 || answer.status === 410) row.action = `/${row.lang}/report`; // the service is offered no more
  row.state = "asks";
  if (kept) await put(row);
  return { state: "asks" };
}
function bodyOf(row) {
  const body = new FormData();
  for (const [name, value] of row.fields) if (!BUTTONS.includes(name)) body.append(name, value);
  for (const file of row.files) body.append("photos", file, file.name);
  body.append("step", "check");
  body.append("next", "1");
  return body;
}
async function flush() {
  for (const row of await all()) if (row.state === "waits") await send(row);
}
self.addEventListener("sync", (event) => event.waitUntil(flush()));

// ---- pages ----
async function shell(lang) {
  const cache = await caches.open(SHELLS);
  return (await cache.match(`/${lang}/offline`, ANY)) || (await cache.match(`/${lang === "km" ? "en" : "km"}/offline`, ANY));
}
async function refresh(lang) {
  const cache = await caches.open(SHELLS), there = await cache.match(`/${lang}/offline`, ANY);
  if (there && Date.now() - Date.parse(there.headers.get("Date") || 0) < DAY) return;
  // Without cookies: the page as a stranger gets it.
  const answer = await fetch(`/${lang}/offline`, { credentials: "omit", cache: "reload" });
  if (!answer.ok) return;
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  headers.set("Date", new Date().toUTCString());
  await cache.put(`/${lang}/offline`, new Response(await answer.blob(), { headers }));
}
async function whole(answer) {
  if (answer.type === "opaqueredirect") return answer;
  const headers = new Headers(answer.headers), body = await answer.blob(); // a torn answer fails here, not on the screen
  // Without TLS a browser takes a head that broke off for a whole one: such an answer says nothing.
  if (!body.size || (answer.status >= 300 && answer.status < 400)) throw new TypeError("torn");
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  return new Response(body, { status: answer.status, statusText: answer.statusText, headers });
}
const escaped = (text) => String(text).replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
async function barred(answer, lang, path, open) {
  const rows = ERASE.test(path) ? [] : (await all()).filter((each) => each.key !== open); // nothing is told of the form one is in
  const row = rows.find((each) => each.state === "sent") || rows.find((each) => each.state === "asks") || rows[0];
  const page = row && (await shell(lang));
  if (!page || !(answer.headers.get("Content-Type") || "").startsWith("text/html")) return answer;
  const found = new RegExp(`<template id="bar-${row.state}">([^]*?)</template>`).exec(await page.text());
  if (!found) return answer;
  const bar = found[1].replace("{number}", () => escaped(row.number)).replace("{url}", () => escaped(row.url));
  const text = (await answer.text()).replace(/<main [^>]*>/, (tag) => tag + bar);
  return new Response(text, { status: answer.status, statusText: answer.statusText, headers: answer.headers });
}
async function reading(event, lang, path) {
  let answer, rows = [];
  try {
    rows = await all();
    answer = await fetch(event.request);
    if (!RECEIVED.test(path) && !rows.length) return answer;
    answer = await whole(answer);
  } catch (gone) { return (await shell(lang)) || Response.error(); }
  if (answer.ok && RECEIVED.test(path)) for (const row of rows) if (row.leaving || row.url === path) await drop(row.key);
  if (answer.ok) event.waitUntil(flush());
  return answer.type === "opaqueredirect" ? answer : barred(answer, lang, path);
}
async function sending(event, lang, path) {
  const copy = event.request.clone();
  try {
    const answer = await whole(await fetch(event.request));
    if ([502, 503, 504].includes(answer.status)) throw new TypeError("away");
    const rows = await all(), key = rows.length ? (await copy.formData()).get("idempotency_key") : "";
    if (answer.type !== "opaqueredirect") return await barred(answer, lang, path, key);
    const row = rows.find((each) => each.key === key);
    if (row) await put({ ...row, leaving: true }); // erased when its number is on the screen
    return answer;
  } catch (gone) {
    const form = await copy.formData().catch(() => null), page = await shell(lang);
    if (!form || !page) return Response.error();
    const fields = [...form].filter(([, value]) => typeof value === "string");
    const files = form.getAll("photos").filter((file) => file.size);
    const of = (name) => form.get(name) || "";
    held.set(event.resultingClientId || "last", { key: of("idempotency_key"), at: Date.now(), lang, action: path, owner: of("owner"), fields, files, state: "waits" });
    return page;
  }
}
self.addEventListener("fetch", (event) => {
  const { pathname: path, origin, search } = new URL(event.request.url);
  if (origin !== location.origin) return;
  if (NEEDED.includes(path)) return event.respondWith(caches.match(path, ANY).then((kept) => kept || fetch(event.request)));
  if (event.request.mode !== "navigate" || !SHOWN.test(path)) return;
  const lang = path.startsWith("/en") ? "en" : "km";
  if (event.request.method === "GET") event.respondWith(reading(event, lang, path));
  else if (event.request.method === "POST" && FORM.test(path)) event.respondWith(sending(event, lang, path + search));
  else if (event.request.method === "POST" && ERASE.test(path)) event.respondWith(empty().then(() => Response.redirect(event.request.referrer || path, 303)));
});

// ---- what the pages ask for ----
const TOLD = {
  hello: async ({ lang }) => { await refresh(lang).catch(() => null); await flush(); },
  held: async (message, id) => {
    const found = held.get(id) || held.get("last") || null;
    held.delete(id);
    held.delete("last");
    return found;
  },
  list: ({ now }) => all(now),
  keep: async ({ row }) => {
    await put({ ...row, fields: row.fields.filter(([name]) => !BUTTONS.includes(name)) });
    if (self.registration.sync) await self.registration.sync.register("send").catch(() => null);
  },
  erase: ({ key }) => (key ? drop(key) : empty()),
  send: ({ row }) => send(row),
  open: async ({ row }) => {
    const token = await ready(row);
    return token && token.owner === row.owner ? token : { state: "other" };
  },
  flush: () => flush(),
};
self.addEventListener("message", (event) => {
  const answer = (told) => event.ports[0].postMessage(told);
  event.waitUntil(Promise.resolve(TOLD[event.data.what](event.data, event.source.id)).then((value) => answer({ value }), (fault) => answer({ fault: fault.name })));
});
self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil((async () => {
    await (await caches.open(VERSION)).addAll(NEEDED);
    const old = await caches.open(SHELLS), langs = (await old.keys()).map((each) => new URL(each.url).pathname.slice(1, 3));
    await caches.delete(SHELLS); // its pages name the files of the version before
    for (const lang of langs) await refresh(lang);
  })());
});
self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== VERSION && name !== SHELLS) await caches.delete(name);
  await self.clients.claim();
  await all();
})()));
