/** The exit codes of the command; the last is sysexits.h EX_CONFIG. */
export const exitCodes = { done: 0, refused: 1, usage: 2, configuration: 78 } as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A command that does not do what was asked; the message teaches what to do instead and holds no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  /** For machines, in the manner of RFC 6749 §5.2. */
  readonly code: string
  readonly exitCode: ExitCode

  constructor(message: string, code = 'refused', exitCode: ExitCode = exitCodes.refused) {
    super(message)
    this.code = code
    this.exitCode = exitCode
  }
}

export const notFound = (message: string): Refusal => new Refusal(message, 'not_found')
export const wrongUsage = (message: string): Refusal => new Refusal(message, 'usage', exitCodes.usage)
