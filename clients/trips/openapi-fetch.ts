import createClient from "openapi-fetch";
import type { paths } from "../generated/openapi-typescript";
import { base, check } from "./check";

const client = createClient<paths>({ baseUrl: base });
const path = { user_id: 101 };

const created = await client.POST("/api/{user_id}/tasks", { params: { path }, body: { title: "x" } });
check(created.response.status === 201 && !!created.data, "create");
const one = { ...path, id: created.data.id };

const read = await client.GET("/api/{user_id}/tasks/{id}", { params: { path: one } });
check(read.data?.title === "x" && read.data.due_date === null, "read");

const changed = await client.PATCH("/api/{user_id}/tasks/{id}", {
  params: { path: one, header: { "If-Match": `"${created.data.revision}"` } },
  body: { priority: "high", tags: ["home"] },
});
check(changed.data?.priority === "high", "change");

const late = await client.PUT("/api/{user_id}/tasks/{id}", {
  params: { path: one, header: { "If-Match": `"${created.data.revision}"` } },
  body: { title: "too late" },
});
check(late.response.status === 412 && late.error?.code === "precondition_failed", "conflict");

const key = { params: { path, header: { "Idempotency-Key": "openapi-fetch" } }, body: { title: "once" } };
const first = await client.POST("/api/{user_id}/tasks", key);
const again = await client.POST("/api/{user_id}/tasks", key);
check(first.data?.id === again.data?.id, "repeat");
check(again.response.headers.get("Idempotent-Replayed") === "true", "replayed");

const listed = await client.GET("/api/{user_id}/tasks", {
  params: { path, query: { priority: ["high", "low"], tag: ["home"], sort: "-created_at" } },
});
check(listed.data?.length === 1 && listed.data[0]?.id === one.id, "list");

const toggled = await client.PATCH("/api/{user_id}/tasks/{id}/complete", { params: { path: one } });
check(toggled.data?.completed === true && toggled.data.completed_at !== null, "toggle");

const gone = await client.DELETE("/api/{user_id}/tasks/{id}", { params: { path: one } });
check(gone.response.status === 204, "delete");
const missing = await client.GET("/api/{user_id}/tasks/{id}", { params: { path: one } });
check(missing.error?.code === "task_not_found", "missing");
