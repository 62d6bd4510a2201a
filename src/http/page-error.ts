import type { ErrorData, ErrorKind } from '../pages/error.tsx'

type Details = Pick<ErrorData, 'app' | 'developer'>

/** A refusal that a person reads: the kind chooses the page's words, `reason` and `clientId` go to the log. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly status: number
  readonly kind: ErrorKind
  readonly code: string
  readonly reason: string
  readonly clientId: string | undefined
  readonly details: Details

  constructor(
    status: number,
    kind: ErrorKind,
    code: string,
    reason: string,
    { clientId, ...details }: Details & { readonly clientId?: string | undefined } = {},
  ) {
    super(`${kind}: ${reason}`)
    this.status = status
    this.kind = kind
    this.code = code
    this.reason = reason
    this.clientId = clientId
    this.details = details
  }

  static forbidden(reason: string): PageError {
    return new PageError(403, 'forbidden', 'invalid_request', reason)
  }
}
