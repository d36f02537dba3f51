export default {
  tasks: {
    input: "../specs/001-backend-task-api/contracts/openapi.yaml",
    output: { target: "generated/orval.ts", client: "fetch", baseUrl: "http://service.test" },
  },
};
