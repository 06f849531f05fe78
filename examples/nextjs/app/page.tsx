/**
 * The application's only page.
 *
 * @module
 */

/** Says where the models are. */
export default function Page() {
  return <p>An application with models below /api/llm/v1</p>;
}
