import { aligned, costOf, number } from './table.mjs'

/**
 * What a request may cost at most: CPU in bare signatures, statements in number. A ratio survives a slower machine, and
 * a busy one; a throughput does not. Scenarios without an entry are shown for comparison.
 */
export const bounds = {
  client_credentials: { statements: 0, server: 1.4, postgres: 0 },
  refresh: { statements: 1, server: 2, postgres: 0.7 },
  refresh_openid: { statements: 1, server: 3, postgres: 0.7 },
  code_flow: { statements: 10, server: 5, postgres: 3 },
  introspect: { statements: 1, server: 0.4, postgres: 0.2 },
  introspect_refresh: { statements: 1, server: 0.4, postgres: 0.2 },
  jwks: { statements: 0, server: 0.1, postgres: 0 },
  discovery: { statements: 0, server: 0.1, postgres: 0 },
}

/** The bounds hold at this concurrency. */
export const boundAt = 16

/** Milliseconds and megabytes of the process itself. */
export const processBounds = { 'start with DATABASE_URL': 1000, 'start embedded, new': 4000, 'idle memory': 110 }

/** What is counted rather than computed is never quite zero: background work of the server and of PostgreSQL. */
const slack = { statements: 0.05, server: 0, postgres: 0.02 }

const verdict = (name, value, limit) => {
  if (value <= limit + slack[name]) return `${name} met`
  return limit === 0
    ? `${name} MISSED by ${value.toFixed(2)}`
    : `${name} MISSED by ${Math.round((value / limit - 1) * 100)} %`
}

const columns = [
  'scenario',
  'clients',
  'statements',
  'server',
  'PostgreSQL',
  'WAL bytes',
  'p50 ms',
  'p99 ms',
  'per s',
  'noise',
  'bounds',
]

/** @param results as measure.mjs gives them; CPU is in milliseconds */
export const table = (results, signature) => {
  const rows = results.map((result) => {
    const { scenario, concurrency, counted, measured } = result
    const cost = costOf(result, signature)
    const bound = concurrency === boundAt ? bounds[scenario] : undefined
    const verdicts = Object.entries(bound ?? {}).map(([name, limit]) => verdict(name, cost[name], limit))
    const missed = verdicts.filter((text) => text.includes('MISSED'))
    const limits = bound ? ` (≤ ${bound.statements}, ${bound.server}, ${bound.postgres})` : ''
    return [
      scenario,
      concurrency,
      number(cost.statements),
      number(cost.server),
      number(cost.postgres),
      number(counted.bytes, 0),
      number(measured.p50),
      number(measured.p99),
      number(measured.perSecond, 0),
      number(measured.noise, 1),
      bound ? `${missed.length > 0 ? missed.join(', ') : 'met'}${limits}` : '',
    ]
  })
  return aligned(columns, rows)
}
