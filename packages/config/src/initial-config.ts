/**
 * The configuration file that is written for a new installation.
 *
 * @module
 */

/**
 * The text of a commented `llmproxy.yaml`: every setting of this version with its default. It is valid as it
 * stands and changes nothing, because settings are commented out.
 *
 * Lines are of three kinds: `# ` and a word for prose, `#` and a setting for a default, `##` for an example.
 */
export function initialConfigText(): string {
  return text;
}

const text = `# Configuration of llmproxy.
#
# Everything below is a default: remove the # before a setting to change it.
# Later wins: defaults < this file < environment (LLMPROXY_SERVER__PORT=9000) < flags (--port 9000).
# Durations have a unit (250ms, 30s, 5m, 12h, 90d), sizes too (64KiB, 32MiB).
# A running server follows this file. What it opens at its start, such as its port, waits for a restart.
# A secret x may be given as x, as x_file (a file of mode 0600) or as x_env (the name of a variable).

# Where the server listens and how it stops.
#server:
#  host: 127.0.0.1
#  port: 8080
#  workers: 1
#  max_body_bytes: 32MiB
# How long it goes on accepting after it turned not ready, and then waits for calls in flight.
#  drain_delay: 0s
#  drain_timeout: 25s
# Addresses and CIDR blocks of proxies whose X-Forwarded-For is believed.
#  trusted_proxies: []
# Web pages that may call the server: origins such as https://app.example.com, or "*" for every page.
#  cors:
#    origins: []
#    max_age: 24h

# Where projects, keys and usage are kept: a file, relative to the data directory.
#store:
#  url: "sqlite:llmproxy.db"

# Who may use the server. Without a management token, one is made at the first start.
#auth:
#  enabled: true
##  management_token_env: LLMPROXY_MANAGEMENT_TOKEN
# How long a known key stays valid while the store cannot be asked.
#  max_stale: 10m
# How the server signs tokens of its own. Without a key file, a key is made at first use.
#  issuer:
#    issuer: llmproxy
#    audience: llmproxy
#    algorithm: EdDSA
##    key_file: issuer.pem
#    ttl: 1h
# Whose tokens are accepted besides: the issuer, and where its public keys are, or a secret shared with it.
#  jwt: []
##  jwt:
##    - issuer: https://id.example.com
##      audience: llmproxy
##      jwks_url: https://id.example.com/.well-known/jwks.json
##      roles_claim: roles
##      role_map: { admin: admin, write: operator, read: auditor, user: member }
##      project_claim: project
##    - issuer: internal
##      audience: llmproxy
##      secret_env: JWT_SECRET

# Who answers. The kind echo is built in: it answers with the last user message. As long as nothing is said
# here, the providers openai and anthropic appear when OPENAI_API_KEY and ANTHROPIC_API_KEY are set.
#providers:
#  - name: echo
#    kind: echo
#    delay_ms: 0
#    chunk_delay_ms: 0
##  - name: openai
##    kind: openai
##    base_url: https://api.openai.com/v1
##    api_key_env: OPENAI_API_KEY
##  - name: anthropic
##    kind: anthropic
##    base_url: https://api.anthropic.com/v1
##    api_key_env: ANTHROPIC_API_KEY
##  - name: local
##    kind: openai-compatible
##    base_url: http://127.0.0.1:8000/v1
##    allow_private: true
##    headers: {}
##    timeout: { connect: 5s, first_byte: 120s, idle: 60s, total: 10m }

# The names clients use, each with targets in order of priority.
#models: []
##models:
##  - name: fast
##    aliases: [default]
##    policy: priority
##    targets:
##      - { provider: openai, model: gpt-4o-mini }
##      - { provider: local, model: llama-3.1-8b }

# Whether clients may also ask for <provider>/<model> and for a provider's own model names, such as echo.
# Without this line they may as long as there are no models above.
#direct_models: true

# The model of requests that name none.
#default_model: null

# Logs and metrics.
#telemetry:
#  log:
# One of debug, info, warn, error and silent.
#    level: info
# One of json, text and auto: text on a terminal, JSON elsewhere.
#    format: auto
#  metrics:
#    enabled: true
#    path: /metrics
#    auth: false
`;
