// Runs the modules of examples/front-end/ (compiled, in the first argument) against the tasks of the second.
import assert from "node:assert/strict";

const [folder, tasks] = process.argv.slice(2);
const load = (name) => import(`${folder}/front-end/${name}.js`);
const { create, Problem, send } = await load("request");
const { pages } = await load("pages");
const { Poller } = await load("poll");
const { Store } = await load("optimistic");
const { remove } = await load("bulk");
const { day, due, week } = await load("dates");
const { dues, tick } = await load("repeat");
const { addStep, removeBranch, tree } = await load("subtasks");
const { drop, dropped, inOrder } = await load("drag");
const { parse, stringify } = await load("numbers");

const real = globalThis.fetch;
/** Let each answer be what `change` makes of it. */
const weather = (change) => (globalThis.fetch = async (...asked) => change(() => real(...asked)));
const fine = () => (globalThis.fetch = real);
const titles = async () => (await (await send(tasks)).json()).map((task) => task.title);

// Retries: an answer is lost, then the service is busy; one task is made.
let turn = 0;
weather(async (ask) => {
  turn += 1;
  const answer = await ask();
  if (turn === 1) throw new TypeError("lost");
  if (turn === 2) return new Response("{}", { status: 503, headers: { "Retry-After": "0" } });
  return answer;
});
const made = await create(tasks, { title: "once" }, "key of the button");
fine();
assert.equal(turn, 3);
assert.deepEqual(await titles(), ["once"]);
await assert.rejects(send(tasks, { method: "POST", body: { title: " " } }), (error) => {
  return error instanceof Problem && error.code === "validation_error" && error.message.startsWith("body.title");
});

// Pages.
for (const number of [1, 2, 3, 4]) await create(tasks, { title: `page ${number}` }, `page ${number}`);
const sizes = [];
for await (const page of pages(`${tasks}?limit=2`)) sizes.push(page.length);
assert.deepEqual(sizes, [2, 2, 1]);

// Polling.
const poller = new Poller(tasks);
assert.equal((await poller.changed()).length, 5);
assert.equal(await poller.changed(), null);
await send(`${tasks}/${made.id}`, { method: "PUT", body: { title: "changed" } });
assert.equal((await poller.changed()).length, 5);

// Optimistic: shown at once, taken back where it is refused, theirs shown after a conflict.
const store = new Store(tasks);
const seen = () => store.all().find((task) => task.id === made.id);
store.take(await (await send(`${tasks}/${made.id}`)).json());
const underway = store.complete(made.id, true);
assert.equal(seen().completed, true);
await underway;
assert.equal(seen().completed, true);
weather(async () => new Response(JSON.stringify({ code: "overloaded" }), { status: 503 }));
const refused = store.complete(made.id, false);
assert.equal(seen().completed, false);
await assert.rejects(refused);
fine();
assert.equal(seen().completed, true);
await send(`${tasks}/${made.id}`, { method: "PUT", body: { title: "theirs" } });
await assert.rejects(store.edit(made.id, { title: "mine" }), (error) => error.code === "precondition_failed");
assert.equal(seen().title, "theirs");
await store.edit(made.id, { title: "mine" });
assert.deepEqual([seen().title, (await titles())[0]], ["mine", "mine"]);

// Bulk, and back.
const ids = (await (await send(tasks)).json()).map((task) => task.id);
const undo = await remove(tasks, ids.slice(1));
assert.deepEqual(await titles(), ["mine"]);
await undo();
assert.equal((await titles()).length, 5);

// Days and instants.
const late = new Date("2026-11-24T23:30:00Z");
assert.deepEqual([day(late, "UTC"), day(late, "Europe/Berlin"), day(late, "America/New_York")], ["2026-11-24", "2026-11-25", "2026-11-24"]);
assert.match(due({ due_date: "2026-11-24", due_at: null }, "America/New_York", "en-GB"), /^24 Nov 2026/);
assert.match(due({ due_date: null, due_at: late.toISOString() }, "Europe/Berlin", "en-GB"), /^25 Nov 2026,? 00:30/);
await send(`${tasks}/${made.id}`, { method: "PUT", body: { title: "due", due_at: late.toISOString() } });
const found = async (zone, now) => (await (await send(week(tasks, zone, new Date(now)))).json()).length;
assert.equal(await found("Europe/Berlin", "2026-11-25T12:00:00Z"), 1);
assert.equal(await found("America/New_York", "2026-11-25T12:00:00Z"), 0);

// Repeating: shown as completed at once; the next one is there, once.
const all = async (query = "") => (await send(`${tasks}${query}`)).json();
const weekly = await create(tasks, { title: "bins", repeat: "FREQ=WEEKLY;COUNT=2", due_date: "2026-12-01" }, "bins");
assert.deepEqual(await dues(tasks, weekly.id), ["2026-12-08"]);
const series = new Store(tasks);
series.take(weekly);
const ticking = tick(series, weekly.id);
assert.equal(series.all()[0].completed, true);
const after = await ticking;
assert.deepEqual([after.due_date, after.completed], ["2026-12-08", false]);
assert.deepEqual(await tick(series, weekly.id), after);
assert.equal(await tick(series, after.id), null);

// Sub-tasks: a tree; they go, and come back, with their parent.
const paint = await create(tasks, { title: "paint" }, "paint");
for (const title of ["buy", "brush"]) await addStep(tasks, paint.id, title, title);
const forest = new Store(tasks);
for (const task of await all()) forest.take(task);
const branch = () => tree(forest.all()).find(({ task }) => task.id === paint.id);
assert.deepEqual(branch().steps.map((step) => step.title), ["buy", "brush"]);
const number = (await all()).length;
const back = await removeBranch(forest, branch());
assert.deepEqual([branch(), (await all()).length], [undefined, number - 3]);
await back();
assert.deepEqual([branch().steps.length, (await all()).length], [2, number]);

// Drag and drop, though the first answer is lost.
const shown = inOrder(await all()).map((task) => task.id);
const moved = dropped(shown, shown.at(-1), 0);
let lost = false;
weather(async (ask) => {
  const answer = await ask();
  if (lost) return answer;
  lost = true;
  throw new TypeError("lost");
});
await drop(tasks, moved, shown.at(-1));
fine();
const listed = async () => (await all("?sort=order")).map((task) => task.id);
assert.deepEqual([await listed(), inOrder(await all()).map((task) => task.id)], [moved, moved]);
const last = dropped(moved, moved[1], moved.length);
await drop(tasks, last, moved[1]);
assert.deepEqual(await listed(), last);

// Numbers beyond 2^53.
const big = 9007199254740993n;
const body = stringify({ title: "far \"9007199254740993\"", order: big });
const answer = await fetch(tasks, { method: "POST", body, headers: { "Content-Type": "application/json" } });
const kept = parse(await answer.text());
assert.deepEqual([BigInt(kept.order), kept.title], [big, "far \"9007199254740993\""]);
assert.equal(typeof kept.revision, "number");
console.log("all right");
