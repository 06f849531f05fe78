/**
 * House rules as data. A rule has a pattern, the files it holds for, the files it makes an exception for, and
 * its reason, which is what a developer is shown. Comments may name what code may not use, unless a rule is about `prose` too.
 *
 * @module
 */

const sources =
  /^(packages|apps)\/[^/]+\/src\/(?!gen\/|(?:.*\/)?(?:test-support|testing)\/)(?!.*\.(test|d)\.ts$).*\.ts$/;
const tests = /^((packages|apps)\/[^/]+\/src|scripts)\/.*(\.test\.ts$|(test-support|testing)\/)/;
const everything = /\.(ts|tsx|mjs|js|json|md|yaml|yml|proto|sh)$|^\.ci\//;
const theseRules = /^scripts\/rules\.mjs$|^scripts\/check-rules\.test\.ts$/;

/** @type {{ pattern: RegExp, where: RegExp, except?: RegExp, why: string, missing?: boolean, prose?: boolean }[]} */
export const rules = [
  {
    pattern: /\bprocess\.(?!platform\b)\w|"node:process"/,
    where: sources,
    except:
      /^apps\/(server|gateway)\/src\/main\.ts$|^packages\/ratelimit\/src\/process-probes\.ts$|^packages\/store\/src\/directory\/owner-lock\.ts$|^packages\/proxy-core\/src\/http\/connector\.ts$/,
    why: "the process belongs to the main.ts of an app; a library is given what it needs (the overload probes measure it, the owner lock names it, the connector loads TLS by it)",
  },
  {
    pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/,
    where: sources,
    except: /^packages\/(spec|sdk)\/src\/clock\.ts$|^packages\/testing\/src\/(until|leak-check)\.ts$/,
    why: "time comes from a Clock, so that tests need not wait",
  },
  {
    pattern: /(?<![.\w])set(Timeout|Interval)\(|\bset(Timeout|Interval)\b.*"(node:)?timers(\/promises)?"/,
    where: sources,
    except: /^packages\/(spec|sdk)\/src\/clock\.ts$|^packages\/testing\/src\/leak-check\.ts$/,
    why: "timers come from a Clock, so that tests need not wait and nothing is left behind",
  },
  {
    pattern: /\bAbortSignal\.timeout\(/,
    where: sources,
    except: /^apps\//,
    why: "a library's waits run on its Clock; the signal it is given may have any timeout",
  },
  {
    pattern: /(?<![.\w])fetch\(/,
    where: sources,
    why: "fetch costs a third of the throughput and does not tell where a call is; use node:http (docs/decisions/0003-node-http-for-upstreams.md)",
  },
  {
    pattern: /\bJSON\.parse\(/,
    where: sources,
    except:
      /^packages\/(proxy-core\/src\/(json|dialects|providers|relay|frames)|store\/src\/(repositories|directory)|telemetry\/src\/(log-line|text-line)|services\/src\/mapping|rest\/src\/json\/parse-json|sdk\/src\/chat\/answer|testing\/src|auth\/src\/jwt\/json-object)[/.]|^packages\/core\/src\/config\/data\//,
    why: "JSON from outside is read by a parser that bounds its depth and names the offending field",
  },
  {
    pattern: /redirect:\s*"follow"|followRedirects?\b|maxRedirects\b/,
    where: sources,
    why: "a redirect could lead a provider's key to another host",
  },
  {
    pattern: /\bMath\.random\(/,
    where: sources,
    why: "ids and secrets come from node:crypto; jitter takes its random source as an option",
  },
  {
    pattern: /rejectUnauthorized:\s*false|NODE_TLS_REJECT_UNAUTHORIZED/,
    where: sources,
    why: "a certificate that is not checked protects nobody",
  },
  {
    pattern:
      /\b(?:const|let|function)\s+(?:req|res|ctx|cfg|opts|msg)\b|[(,{]\s*(?:req|res|ctx|cfg|opts)\s*[,:)]/,
    where: sources,
    why: "names are words: request, response, call, config, options, message",
  },
  {
    pattern: /from "\.{1,2}\/[^"]*(?<!\.(?:ts|mjs|json))"/,
    where: sources,
    why: "Node runs the sources as they are: relative imports end in .ts",
  },
  {
    pattern: /@ts-(?:ignore|nocheck)/,
    prose: true,
    where: everything,
    except: theseRules,
    why: "a silenced type error is a bug that waits; @ts-expect-error in a test says what is expected",
  },
  {
    pattern: /\b(?:TODO|FIXME|XXX)\b(?!.*#\d)/,
    prose: true,
    where: everything,
    except: theseRules,
    why: "work to be done has an issue: write its number",
  },
  {
    pattern: /\b(?:describe|it|test|suite|bench)(?:\.\w+)*\.(?:only|skip|todo)\b/,
    where: tests,
    except: theseRules,
    why: "a test that does not run proves nothing; what depends on a component uses skipIf and says so",
  },
  {
    pattern: /\bvi\.(?:mock|doMock|useFakeTimers|stubGlobal)\(/,
    where: tests,
    except: theseRules,
    why: "all test files share one process: use the fakes of @llmproxy/testing",
  },
  {
    pattern: /(?<![\w.])\/(?:root|home|Users)\/\w|\/work\/(?:main|shared)\b|[A-Z]:\\Users\\/,
    prose: true,
    where: everything,
    except: new RegExp(`${theseRules.source}|^packages/testing/fixtures/`),
    why: "a path of somebody's machine means nothing on another one",
  },
  {
    pattern: /^\/\*\*[\s\S]*?@module\b/,
    missing: true,
    where: sources,
    except: /\/index\.ts$/,
    why: "a file begins with a comment that says what it is for (@module)",
  },
];
