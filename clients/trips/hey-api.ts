import { completeTask, createTask, deleteTask, listTasks, patchTask, readTask, replaceTask } from "../generated/hey-api";
import { client } from "../generated/hey-api/client.gen";
import { base, check } from "./check";

client.setConfig({ baseUrl: base });
const path = { user_id: 102 };

const created = await createTask({ path, body: { title: "x" } });
check(created.response?.status === 201 && !!created.data, "create");
const one = { ...path, id: created.data.id };

const read = await readTask({ path: one });
check(read.data?.title === "x" && read.data.due_date === null, "read");

const condition = { "If-Match": `"${created.data.revision}"` };
const changed = await patchTask({ path: one, headers: condition, body: { priority: "high", tags: ["home"] } });
check(changed.data?.priority === "high", "change");

const late = await replaceTask({ path: one, headers: condition, body: { title: "too late" } });
check(late.response?.status === 412 && late.error?.code === "precondition_failed", "conflict");

const key = { path, headers: { "Idempotency-Key": "hey-api" }, body: { title: "once" } };
const [first, again] = [await createTask(key), await createTask(key)];
check(first.data?.id === again.data?.id, "repeat");

const listed = await listTasks({ path, query: { priority: ["high", "low"], tag: ["home"], sort: "-created_at" } });
check(listed.data?.length === 1 && listed.data[0]?.id === one.id, "list");

const toggled = await completeTask({ path: one });
check(toggled.data?.completed === true, "toggle");

check((await deleteTask({ path: one })).response?.status === 204, "delete");
check((await readTask({ path: one })).error?.code === "task_not_found", "missing");
