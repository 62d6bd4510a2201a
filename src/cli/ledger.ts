import type { SeenEvent } from '../administration/stores.ts'
import { networkShown } from '../network.ts'
import type { Family } from '../oauth/stores.ts'
import type { LedgerEntry } from '../oauth/tokens/history.ts'
import { deviceOf } from '../user-agent.ts'
import { type Cell, table } from './table.ts'

type Drawn = {
  readonly family: Family
  readonly pairs: readonly LedgerEntry[]
  readonly events: readonly SeenEvent[]
  readonly end: { readonly at: Date; readonly why: string } | undefined
  /** The generation that was asked about. */
  readonly marked: number | undefined
}

type Line = { readonly at: Date; readonly cells: readonly Cell[] }

const cameBack = (generation: unknown): string | undefined =>
  typeof generation === 'number' ? `pair ${generation} came back` : undefined

/**
 * The family as a line through time: a dot for each pair, filled where it is the live one, and a cross for what
 * happened to it.
 */
export const ledger = ({ family, pairs, events, end, marked }: Drawn): string => {
  const isLive = ({ generation }: LedgerEntry) => !end && generation === family.live.generation
  const lines: readonly Line[] = [
    ...pairs.map((pair) => ({
      at: pair.issuedAt,
      cells: [
        `${isLive(pair) ? '●' : '○'} ${pair.generation}`,
        pair.issuedAt,
        pair.verdict,
        networkShown(pair.ip),
        deviceOf(pair.userAgent),
        pair.retries,
        pair.generation === marked ? '◀ this one' : isLive(pair) ? 'live' : '',
      ],
    })),
    ...events.map(({ at, kind, ip, userAgent, detail }) => ({
      at,
      cells: [
        '✕',
        at,
        kind,
        networkShown(ip),
        deviceOf(userAgent),
        '',
        [detail?.reason, cameBack(detail?.presented)].filter((said) => typeof said === 'string').join(': '),
      ],
    })),
  ]
  const sorted = [...lines].sort((a, b) => a.at.getTime() - b.at.getTime())
  const drawn = table(
    ['PAIR', 'AT', 'WHAT', 'NETWORK', 'DEVICE', 'RETRIES', ''],
    sorted.map(({ cells }) => cells),
    'The ledger holds no pair of this family any more.',
  )
  const forgotten =
    marked !== undefined && !pairs.some(({ generation }) => generation === marked)
      ? `\n\nThe ledger has no pair of generation ${marked}${marked > family.live.generation ? ': it is ahead of the live one, as after a restored backup' : ' any more'}.`
      : ''
  return `${drawn}${end ? `\n\nIt ended because ${end.why}.` : ''}${forgotten}`
}
