import { type ErrorKind, errorPage } from '../../pages/error.tsx'
import { chooseLanguage } from '../../pages/language.ts'
import type { Random } from '../../random.ts'
import type { FailurePage } from '../operations/failure.ts'
import { PageError } from '../page-error.ts'
import { secureHeaders } from './presentation.ts'

/** Every failure of a page, in the person's words. @param base the issuer's own path */
export const createFailurePage =
  (random: Random, base: string): FailurePage =>
  (failure, request, reply, error) => {
    const nonce = random.bytes(16).toString('base64')
    secureHeaders(reply, nonce)
    const details = error instanceof PageError ? error.details : {}
    const data = { kind: kindOf(failure.status, error), code: failure.code, requestId: failure.errorId, ...details }
    const language = chooseLanguage([], request.headers['accept-language'])
    return errorPage(data, { language, base, nonce })
  }

const kindOf = (status: number, error: unknown): ErrorKind => {
  if (error instanceof PageError) return error.kind
  if (status === 503) return 'unavailable'
  if (status === 404) return 'not_found'
  if (status === 429) return 'too_many'
  return status >= 500 ? 'server' : 'unreadable'
}
