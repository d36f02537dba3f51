// A list that follows what others do: read once, then told of each change.
import { next } from "./pages.js";
import { send } from "./request.js";
/** Read the list into a store. The revision is of before the first page: what comes later is told, too. */
export async function load(tasks, store) {
    let revision;
    const seen = new Set();
    for (let address = tasks; address;) {
        const answer = await send(address);
        revision ??= Number(/\d+/.exec(answer.headers.get("ETag") ?? "")?.[0] ?? 0);
        for (const task of (await answer.json())) {
            seen.add(task.id);
            store.take(task);
        }
        address = next(answer);
    }
    for (const { id } of store.all())
        if (!seen.has(id))
            store.drop(id);
    return revision ?? 0;
}
/** Follow from then on. The browser comes back by itself, and says where it was (`Last-Event-ID`). */
export async function follow(tasks, store, tell) {
    let source;
    let ended = false;
    const listen = async () => {
        const revision = await load(tasks, store);
        if (ended)
            return;
        source = new EventSource(`${tasks}/events?since=${revision}`);
        source.onopen = () => tell("live");
        source.onerror = () => tell("away");
        source.addEventListener("change", (event) => {
            const change = JSON.parse(event.data);
            if (change.deleted)
                store.drop(change.id);
            else
                store.take(change);
        });
        source.addEventListener("expired", () => {
            source?.close(); // a backup was restored, or we were away for too long
            void listen();
        });
    };
    await listen();
    return () => {
        ended = true;
        source?.close();
    };
}
