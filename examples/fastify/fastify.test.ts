import { fromSource } from "../testing/start-example.ts";
import { describeHost } from "../testing/suite.ts";

describeHost({ example: "fastify", args: fromSource, basePath: "/llm", passesOn: true });
