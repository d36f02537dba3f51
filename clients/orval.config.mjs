/** A file is sent as it is: orval would give `fetch` the JSON of an import as a value. */
function filesAsText(document) {
  for (const [path, { post }] of Object.entries(document.paths)) {
    if (path.endsWith("/import")) delete post.requestBody.content["application/json"];
  }
  return document;
}

export default {
  tasks: {
    input: {
      target: "../specs/001-backend-task-api/contracts/openapi.yaml",
      override: { transformer: filesAsText },
    },
    output: { target: "generated/orval.ts", client: "fetch", baseUrl: "http://service.test" },
  },
};
