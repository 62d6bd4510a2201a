import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino'

/**
 * The log says only what is listed here: a list of what must not be logged would always lack the newest secret.
 * Everything else is dropped, however it came: a whole request, a header, the values in a database's error.
 */
const fields = [
  'request_id',
  'method',
  'route',
  'status',
  'duration',
  'ip',
  'client_id',
  'user_id',
  'session_id',
  'family_id',
  'generation',
  'verdict',
  'event',
  'kind',
  'error',
  'reason',
  'error_id',
  'kid',
  'alg',
  'check',
  'count',
  'retry_after',
  'signal',
  'issuer',
  'address',
  'port',
  'mode',
  'version',
  'migration',
  'directory',
] as const
export type LogField = (typeof fields)[number]
const listed: ReadonlySet<string> = new Set(fields)
const isField = (name: string): name is LogField => listed.has(name)

/** What may be said of an error: its class, its code and where it happened. Its message may hold what was received. */
type SafeError = {
  readonly type: string
  readonly code?: string
  readonly stack: readonly string[]
  readonly cause?: SafeError
}
type Safe = { [name in LogField]?: string | number | boolean } & { err?: SafeError }

/** Passphrases and tokens of ours are longer than any identifier; a JWT begins with `eyJ` and has a dot, as no random id has. */
const masked = (text: string): string => text.replace(/eyJ[\w-]*\.[\w.-]*|[\w-]{44,}/g, '[hidden]').slice(0, 500)

const frame = /^ {4}at [^\n]{1,300}:\d+:\d+\)?$/
const frames = ({ stack = '', message }: Error): readonly string[] => {
  const afterMessage = stack.includes(message) ? stack.slice(stack.indexOf(message) + message.length) : ''
  return afterMessage
    .split('\n')
    .filter((line) => frame.test(line))
    .slice(0, 12)
    .map((line) => line.trim())
}

const describe = (error: Error, depth = 0): SafeError => {
  const code =
    'code' in error && typeof error.code === 'string' && /^\w{1,60}$/.test(error.code) ? { code: error.code } : {}
  const cause = error.cause instanceof Error && depth < 3 ? { cause: describe(error.cause, depth + 1) } : {}
  return { type: /^\w{1,60}$/.test(error.name) ? error.name : 'Error', ...code, stack: frames(error), ...cause }
}

const safe = (given: unknown): Safe => {
  if (typeof given !== 'object' || given === null) return {}
  if (given instanceof Error) return { err: describe(given) }
  const said: Safe = {}
  for (const [name, value] of Object.entries(given)) {
    if (name === 'err' && value instanceof Error) said.err = describe(value)
    if (!isField(name)) continue
    if (typeof value === 'string') said[name] = masked(value)
    else if (typeof value === 'number' || typeof value === 'boolean') said[name] = value
  }
  return said
}

/** A message is a literal of ours; one that repeats an error's own words, or a URL, is not. */
const message = (said: unknown, error: unknown): string => {
  if (typeof said !== 'string' || (error instanceof Error && error.message !== '' && said.includes(error.message)))
    return ''
  return masked(said.replace(/[?#]\S*/g, '?…'))
}

/**
 * @param level pino's, or `silent`
 * @param destination where lines go; standard output when absent
 */
export const createLogger = ({
  level,
  destination,
}: {
  level: string
  destination?: DestinationStream | undefined
}): Logger => {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    hooks: {
      logMethod(
        this: Logger,
        [first, second]: unknown[],
        write: (this: Logger, fields: Safe, message: string) => void,
      ) {
        const error = first instanceof Error ? first : new Map(Object.entries(first ?? {})).get('err')
        // No third argument: pino would put it into the message.
        write.call(this, safe(first), message(typeof first === 'string' ? first : second, error))
      },
    },
  }
  const logger = destination ? pino(options, destination) : pino(options)

  // A child of a child forgets the formatter of its bindings, and a child may bring serializers: both could say more.
  const { child, setBindings } = logger
  Object.defineProperty(logger, 'child', {
    value: function (this: Logger, bindings: object, given: { level?: string } = {}) {
      return child.call(this, safe(bindings), given.level === undefined ? {} : { level: given.level })
    },
  })
  Object.defineProperty(logger, 'setBindings', {
    value: function (this: Logger, bindings: object) {
      setBindings.call(this, safe(bindings))
    },
  })
  return logger
}
