import type { FastifyReply, FastifyRequest } from 'fastify'
import { chooseLanguage, type Presentation } from '../../pages/language.ts'
import type { Random } from '../../random.ts'

/** Writes a page: language, Content-Security-Policy with a fresh nonce, and the headers no page may lack. */
export type Presenter = {
  /** @param frames the origins of what the page holds in frames */
  send(
    request: FastifyRequest,
    reply: FastifyReply,
    page: (presentation: Presentation) => string,
    uiLocales?: readonly string[],
    frames?: readonly string[],
  ): FastifyReply
}

/** @param base the issuer's own path */
export const createPresenter = (random: Random, base: string): Presenter => ({
  send(request, reply, page, uiLocales = [], frames = []) {
    const nonce = random.bytes(16).toString('base64')
    const language = chooseLanguage(uiLocales, request.headers['accept-language'])
    secureHeaders(reply, nonce, frames)
    return reply.type('text/html; charset=utf-8').send(page({ language, base, nonce }))
  },
})

/** CSP3 §2.3.1: what is a host-source and nothing else, whatever an address of the database would make of the policy. */
const hostSource = /^https?:\/\/[a-z\d.-]+(?::\d+)?$/

/**
 * R11, R15, S4. No form-action: Chromium applies it to the redirect that follows a form, so the button to the client
 * would do nothing.
 */
export const secureHeaders = (reply: FastifyReply, nonce: string, frames: readonly string[] = []): void => {
  const sources = frames.filter((origin) => hostSource.test(origin))
  const framed = sources.length > 0 ? ` frame-src ${sources.join(' ')};` : ''
  reply
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'self'; img-src 'self' data: https:; script-src 'nonce-${nonce}';${framed} frame-ancestors 'none'; base-uri 'none'`,
    )
    .header('x-frame-options', 'DENY')
    .header('referrer-policy', 'no-referrer')
    .header('x-content-type-options', 'nosniff')
    .header('cache-control', 'no-store')
}
