import type { ErrorData, ErrorKind } from '../pages/error.tsx'

/** A refusal that a person reads: the kind chooses the page's words, `reason` goes to the log. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly status: number
  readonly kind: ErrorKind
  readonly code: string
  readonly reason: string
  readonly details: Pick<ErrorData, 'app' | 'developer'>

  constructor(
    status: number,
    kind: ErrorKind,
    code: string,
    reason: string,
    details: Pick<ErrorData, 'app' | 'developer'> = {},
  ) {
    super(`${kind}: ${reason}`)
    this.status = status
    this.kind = kind
    this.code = code
    this.reason = reason
    this.details = details
  }

  static forbidden(reason: string): PageError {
    return new PageError(403, 'forbidden', 'invalid_request', reason)
  }
}
