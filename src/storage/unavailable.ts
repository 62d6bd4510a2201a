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

const saysUnavailable = (error: unknown, depth = 0): boolean => {
  if (typeof error !== 'object' || error === null || depth > 4) return false
  const told: ReadonlyMap<string, unknown> = new Map(Object.entries(error))
  const code = told.get('code')
  const original = told.get('originalCode')
  const kind = told.get('kind')
  if ([code, original].filter(isString).some((c) => sqlStates.test(c) || systemCodes.has(c) || prismaCodes.has(c)))
    return true
  if (isString(kind) && driverKinds.has(kind)) return true
  if (error instanceof Error && messages.test(error.message)) return true
  // Prisma wraps what its driver said, and Node what it met at each address of a host.
  const inside = [
    error instanceof Error ? error.cause : told.get('cause'),
    told.get('meta'),
    told.get('driverAdapterError'),
  ]
  const each = error instanceof AggregateError ? error.errors : []
  return [...inside, ...each].some((one) => saysUnavailable(one, depth + 1))
}

/** @returns the error as it is to be thrown: 503 where the database was slow or away, itself otherwise */
export const translated = (error: unknown): unknown =>
  !(error instanceof Unavailable) && saysUnavailable(error) ? new Unavailable(error) : error
