import { Unavailable } from '../oauth/errors.ts'

/**
 * What says that the database is slow or away, and nothing about what it was asked. PostgreSQL's classes 08 (connection),
 * 53 (resources), 57P (shutdown) whole; a statement that was cancelled for its time, a lock that was not to be had, a
 * deadlock, a server that was demoted to read only.
 */
const sqlStates = /^(08...|53...|57P..|57014|55P03|40001|40P01|25006)$/
const systemCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]) // prettier-ignore
const prismaCodes = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2034', 'P2037'])
const driverKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TransactionWriteConflict',
  'TooManyConnections',
])

/** pg gives these no code. */
const messages =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/

const isString = (value: unknown): value is string => typeof value === 'string'

/** Whether an error, or one of those inside it, has what `says` looks for: Prisma wraps what its driver said. */
const anyOf = (
  error: unknown,
  says: (told: ReadonlyMap<string, unknown>, error: object) => boolean,
  depth = 0,
): boolean => {
  if (typeof error !== 'object' || error === null || depth > 4) return false
  const told: ReadonlyMap<string, unknown> = new Map(Object.entries(error))
  if (says(told, error)) return true
  // Node wraps what it met at each address of a host.
  const inside = [
    error instanceof Error ? error.cause : told.get('cause'),
    told.get('meta'),
    told.get('driverAdapterError'),
  ]
  const each = error instanceof AggregateError ? error.errors : []
  return [...inside, ...each].some((one) => anyOf(one, says, depth + 1))
}

const codesOf = (told: ReadonlyMap<string, unknown>): readonly string[] =>
  [told.get('code'), told.get('originalCode')].filter(isString)

const saysUnavailable = (told: ReadonlyMap<string, unknown>, error: object): boolean => {
  if (codesOf(told).some((c) => sqlStates.test(c) || systemCodes.has(c) || prismaCodes.has(c))) return true
  const kind = told.get('kind')
  if (isString(kind) && driverKinds.has(kind)) return true
  return error instanceof Error && messages.test(error.message)
}

/** PostgreSQL's deadlock_detected: it undid the whole transaction. Also of what was translated. */
export const isDeadlock = (error: unknown): boolean => anyOf(error, (told) => codesOf(told).includes('40P01'))

/** @returns the error as it is to be thrown: 503 where the database was slow or away, itself otherwise */
export const translated = (error: unknown): unknown =>
  !(error instanceof Unavailable) && anyOf(error, saysUnavailable) ? new Unavailable(error) : error
