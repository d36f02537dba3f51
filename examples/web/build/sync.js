// A copy of one's tasks that works offline: first sync, changes, live, and a queue of own edits.
//
//   const copy = new Copy("http://localhost:8000/api/1/tasks");
//   copy.edit({ op: "create", task: { title: "Buy milk" } });
//   await copy.sync();             // sends what is queued, then reads what has changed; throws offline
//   await copy.live(console.log);  // tells each change until the stream ends; then sync() again
//
// Keep tasks, since, queue and conflicts between two runs. A key counts for 24 hours.
export class Copy {
    url;
    tasks = new Map();
    since = 0; // tasks is what the service had at this revision
    queue = []; // edits that the service has not answered yet
    conflicts = []; // edits that it refused: for the user to look at
    constructor(url) {
        this.url = url;
    }
    /** Queue an operation of /batch, on condition that nobody else has changed the task. */
    edit(operation) {
        const task = operation.id === undefined ? undefined : this.tasks.get(operation.id);
        const base = task ? { revision: task.revision } : {};
        this.queue.push({ key: crypto.randomUUID(), operation: { ...base, ...operation } });
    }
    async sync() {
        await this.push();
        await this.pull();
    }
    /** Send each edit once, however often it must be tried. */
    async push() {
        for (let edit = this.queue[0]; edit; edit = this.queue[0]) {
            const body = { operations: [edit.operation] };
            const answer = await this.request("POST", `${this.url}/batch`, body, edit.key);
            this.queue.shift();
            if (answer.status === 200)
                this.rebase(edit.operation, answer.body.results[0].task);
            else
                this.conflicts.push({ ...edit, reason: answer.body });
        }
    }
    /** Later edits of the task are made on top of this one. */
    rebase(done, task) {
        if (task && task.revision > this.since)
            this.tasks.set(task.id, task); // else the feed has told
        for (const { operation } of this.queue) {
            if (done.id === undefined || operation.id !== done.id)
                continue;
            delete operation.revision;
            if (task)
                operation.revision = task.revision;
        }
    }
    /** Read what has changed; everything anew where the service no longer knows. */
    async pull() {
        let since = this.since;
        let tasks = new Map(since ? this.tasks : []); // a first sync tells of no deletion
        let url = `${this.url}/changes?since=${since}`;
        while (url) {
            const answer = await this.request("GET", url);
            if (answer.status === 410) {
                tasks = new Map();
                url = `${this.url}/changes?since=0`;
                continue;
            }
            for (const item of answer.body.items)
                take(tasks, item);
            since = answer.body.revision;
            url = answer.next;
        }
        this.tasks = tasks;
        this.since = since;
    }
    /** Take changes as they happen, until the stream ends. */
    async live(tell) {
        const answer = await fetch(`${this.url}/events?since=${this.since}`);
        const decoder = new TextDecoder();
        let [rest, event, data] = ["", "", ""];
        for await (const chunk of answer.body) {
            const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
            rest = lines.pop();
            for (const line of lines) {
                if (line.startsWith("event: "))
                    event = line.slice(7);
                else if (line.startsWith("data: "))
                    data = line.slice(6);
                else if (line.startsWith("id: "))
                    this.since = Number(line.slice(4));
                else if (line === "" && data) {
                    if (event === "expired")
                        return await this.pull();
                    take(this.tasks, JSON.parse(data));
                    tell(JSON.parse(data));
                    data = "";
                }
            }
        }
    }
    /** Status, JSON, and the link to the next page. Throws when it must be repeated. */
    async request(method, url, body, key) {
        const headers = key ? { "Idempotency-Key": key } : {};
        if (body)
            headers["Content-Type"] = "application/json";
        const answer = await fetch(url, { method, headers, body: body ? JSON.stringify(body) : undefined });
        if (answer.status >= 500 || answer.status === 429)
            throw new Error(`${answer.status}`);
        const link = answer.headers.get("Link")?.match(/<([^>]+)>; rel="next"/);
        return { status: answer.status, body: await answer.json(), next: link ? link[1] : null };
    }
}
function take(tasks, item) {
    if (item.deleted)
        tasks.delete(item.id);
    else
        tasks.set(item.id, item);
}
