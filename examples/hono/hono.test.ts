import { fromSource } from "../testing/start-example.ts";
import { describeHost } from "../testing/suite.ts";

describeHost({ example: "hono", args: fromSource, basePath: "/llm", passesOn: false });
