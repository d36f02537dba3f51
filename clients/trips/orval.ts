import { completeTask, createTask, deleteTask, listTasks, patchTask, readTask, replaceTask } from "../generated/orval";
import { base, check } from "./check";

// Orval's functions have the address that they were generated with.
const real = globalThis.fetch;
globalThis.fetch = (input, init) => real(String(input).replace("http://service.test", base), init);
const owner = 103;

const created = await createTask(owner, { title: "x" });
check(created.status === 201, "create");
const id = created.data.id;

const read = await readTask(owner, id);
check(read.status === 200 && read.data.due_date === null, "read");

const condition = { headers: { "If-Match": `"${created.data.revision}"` } };
const changed = await patchTask(owner, id, { priority: "high", tags: ["home"] }, condition);
check(changed.status === 200 && changed.data.priority === "high", "change");

const late = await replaceTask(owner, id, { title: "too late" }, condition);
check(late.status === 412 && late.data.code === "precondition_failed", "conflict");

const key = { headers: { "Idempotency-Key": "orval" } };
const first = await createTask(owner, { title: "once" }, key);
const again = await createTask(owner, { title: "once" }, key);
check(first.status === 201 && again.status === 201 && first.data.id === again.data.id, "repeat");

const listed = await listTasks(owner, { priority: ["high"], tag: ["home"], sort: "-created_at" });
check(listed.status === 200 && listed.data.length === 1 && listed.data[0]?.id === id, "list");

const toggled = await completeTask(owner, id, {}); // it wants a body: `{}` toggles, too
check(toggled.status === 200 && toggled.data.completed, "toggle");

check((await deleteTask(owner, id)).status === 204, "delete");
check((await readTask(owner, id)).status === 404, "missing");
