// One page of all that front-end/ shows. Its address says whose tasks, and where: ?owner=2&api=http://localhost:8000
import { remove } from "../front-end/bulk.js";
import { due, zone } from "../front-end/dates.js";
import { follow } from "../front-end/live.js";
import { Store } from "../front-end/optimistic.js";
import { create, Problem } from "../front-end/request.js";
const asked = new URLSearchParams(location.search);
const api = asked.get("api") ?? `http://${location.hostname}:8000`;
const owner = asked.get("owner") ?? "1";
const store = new Store(`${api}/api/${owner}/tasks`, show);
let editing = null;
function element(selector) {
    return document.querySelector(selector);
}
/** Tell something, with a way back if there is one. */
function say(text, undo) {
    const [message, button] = [element("#message"), element("#message button")];
    element("#message span").textContent = text;
    button.hidden = !undo;
    button.onclick = () => {
        message.hidden = true;
        undo?.();
    };
    message.hidden = false;
}
/** Do it, and tell what was refused: in the service's own words. */
async function attempt(work) {
    try {
        await work;
    }
    catch (error) {
        const changed = error instanceof Problem && error.status === 412;
        say(changed ? "Somebody else has changed it meanwhile. This is how it is now." : `Not done: ${error.message}`);
    }
}
function row(task) {
    const item = document.createElement("li");
    item.className = `${task.completed ? "done" : ""} ${task.priority}`;
    item.dataset.id = String(task.id);
    const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: task.completed });
    box.setAttribute("aria-label", `Done: ${task.title}`);
    box.onchange = () => attempt(store.complete(task.id, box.checked));
    item.append(box, editing?.id === task.id ? field(task) : name(task));
    for (const text of [...task.tags, due(task, zone(), navigator.language)].filter(Boolean)) {
        const note = Object.assign(document.createElement("small"), { textContent: text });
        if (task.tags.includes(text))
            note.className = "tag";
        item.append(note);
    }
    return item;
}
function name(task) {
    const text = Object.assign(document.createElement("span"), { className: "name", textContent: task.title });
    text.onclick = () => {
        editing = { id: task.id, revision: store.revision(task.id) }; // what the user saw when they began
        show();
        element("li input.title").select();
    };
    return text;
}
function field(task) {
    const input = Object.assign(document.createElement("input"), { className: "title", value: task.title });
    const end = (save) => {
        const seen = editing?.revision;
        if (!editing)
            return;
        editing = null;
        if (save && input.value !== task.title)
            void attempt(store.edit(task.id, { title: input.value }, seen));
        show();
    };
    input.onkeydown = (event) => event.key === "Enter" ? end(true) : event.key === "Escape" && end(false);
    input.onblur = () => end(true);
    return input;
}
function show() {
    const tasks = store.all().sort((one, other) => Number(one.completed) - Number(other.completed) || one.id - other.id);
    const kept = document.querySelector("li:has(input.title)"); // what the user is typing in
    const at = kept ? tasks.findIndex((task) => task.id === editing?.id) : -1;
    const rows = tasks.filter((_, index) => index !== at).map(row);
    if (at < 0)
        element("#tasks").replaceChildren(...rows);
    else {
        for (const item of [...element("#tasks").children])
            if (item !== kept)
                item.remove();
        kept.before(...rows.slice(0, at)); // it is not moved itself, so that it keeps the focus
        kept.after(...rows.slice(at));
    }
    element("#count").textContent = `${tasks.filter((task) => !task.completed).length} to do`;
    element("#clear").hidden = !tasks.some((task) => task.completed);
}
element("#add").onsubmit = (event) => {
    event.preventDefault();
    const input = element("#title");
    const title = input.value;
    input.value = "";
    void attempt(create(store.tasks, { title }, crypto.randomUUID()).then((task) => store.take(task), (error) => {
        input.value ||= title; // nothing that was typed is lost
        throw error;
    }));
};
element("#clear").onclick = () => {
    const ids = store.all().filter((task) => task.completed).map((task) => task.id);
    void attempt(remove(store.tasks, ids).then((undo) => say(`${ids.length} deleted.`, () => void attempt(undo()))));
};
for (const number of ["1", "2", "3"]) {
    const link = Object.assign(document.createElement("a"), { textContent: `Owner ${number}` });
    link.href = `?${new URLSearchParams({ owner: number, api })}`;
    if (number === owner)
        link.setAttribute("aria-current", "page");
    element("#owners").append(link);
}
void attempt(follow(store.tasks, store, (state) => Object.assign(element("#state"), { className: state, textContent: state })));
