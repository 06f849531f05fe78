/**
 * The layers of docs/architecture.md as data.
 *
 * @module
 */

const libraries = [
  "acme",
  "auth",
  "config",
  "engines",
  "events",
  "listener",
  "optimizer",
  "proxy-core",
  "ratelimit",
  "store",
  "telemetry",
];

const server = ["spec", ...libraries, "proto", "core", "services", "rest"];

/** What the sources of a package may import. Types count: a type is knowledge too. */
export const layers = {
  spec: [],
  proto: [],
  ...Object.fromEntries(libraries.map((name) => [name, ["spec"]])),
  core: ["spec", ...libraries],
  services: ["spec", "proto", "core"],
  rest: ["spec", "proto", "core", "services"],
  sdk: ["proto"],
  testing: ["spec"],
  server,
  gateway: server,
  console: ["sdk"],
};

const embedding = ["core", "services", "rest"];

/**
 * What their tests may import: fakes, above the libraries also what an embedding program would bring, and for the server
 * its client.
 */
export const layersOfTests = Object.fromEntries(
  Object.entries(layers).map(([name, allowed]) => [
    name,
    [
      ...allowed,
      ...(embedding.includes(name) ? libraries : []),
      ...(name === "server" ? ["sdk"] : []),
      "testing",
    ],
  ]),
);

/** Everybody who embeds the core installs what its main entry reaches: it needs nothing else. */
export const coreEntry = {
  file: "packages/core/src/index.ts",
  allowed: ["spec", "auth", "ratelimit", "proxy-core", "events"],
};
