/**
 * Every LLM endpoint, below `/api/llm`.
 *
 * @module
 */

import { proxy } from "../../../../lib/proxy.ts";

// It opens sockets of its own.
export const runtime = "nodejs";
// Answers are never to be made while the application is built.
export const dynamic = "force-dynamic";

export const GET = proxy.fetch;
export const POST = proxy.fetch;
export const OPTIONS = proxy.fetch;
