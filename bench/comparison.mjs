import { aligned, costOf, number } from './table.mjs'

const measures = {
  statements: ({ cost }) => number(cost.statements),
  server: ({ cost }) => number(cost.server),
  PostgreSQL: ({ cost }) => number(cost.postgres),
  'WAL bytes': ({ counted }) => number(counted.bytes, 0),
  'p50 ms': ({ measured }) => number(measured.p50),
  'p99 ms': ({ measured }) => number(measured.p99),
  'per s': ({ measured }) => number(measured.perSecond, 0),
}

/** Both in one line, ours first: what one costs beside the other, in the same unit, measured right after it. */
export const comparison = ({ ours, theirs, name, signature }) => {
  const columns = ['scenario', 'clients', ...Object.keys(measures).flatMap((measure) => [measure, name]), 'CPU']
  const rows = theirs.flatMap((their) => {
    const our = ours.find(
      ({ scenario, concurrency }) => scenario === their.scenario && concurrency === their.concurrency,
    )
    if (!our) return []
    const pair = [our, their].map((result) => ({ ...result, cost: costOf(result, signature) }))
    const [own, other] = pair.map(({ cost }) => cost.server + cost.postgres)
    const cells = Object.values(measures).flatMap((measure) => pair.map(measure))
    return [[our.scenario, our.concurrency, ...cells, `× ${number(other / own)}`]]
  })
  return aligned(columns, rows)
}
