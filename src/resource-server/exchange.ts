import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'

/** Why the issuer could not be asked; for the developer, and for nobody else. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable'
}

export type Question = {
  readonly url: URL
  readonly accept: string
  /** Milliseconds until the answer begins; `read` has the same for the whole. */
  readonly timeout: number
  readonly signal?: AbortSignal | undefined
  /** A form, sent with POST. */
  readonly form?: URLSearchParams | undefined
  readonly authorization?: string | undefined
  /** Must not keep the process alive. */
  readonly background?: boolean | undefined
}

/**
 * Asks the issuer; no redirect is followed, nothing compressed is taken.
 * @throws Unreachable
 */
export const ask = (question: Question): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { url, form, timeout } = question
    const body = form?.toString()
    const fail = (reason: string) => reject(new Unreachable(`${url.origin}${url.pathname} ${reason}`))
    const sent = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, {
      method: body === undefined ? 'GET' : 'POST',
      ...(question.signal && { signal: question.signal }),
      // A kept connection belongs to an agent that others use too, so it could not be left out of the count.
      agent: false,
      headers: {
        accept: question.accept,
        'accept-encoding': 'identity',
        ...(question.authorization !== undefined && { authorization: question.authorization }),
        ...(body !== undefined && {
          'content-type': 'application/x-www-form-urlencoded',
          'content-length': Buffer.byteLength(body),
        }),
      },
    })
    const late = setTimeout(() => sent.destroy(new Error(`gave no answer in ${timeout} ms`)), timeout)
    if (question.background) {
      late.unref()
      sent.on('socket', (socket) => socket.unref())
    }
    sent.on('close', () => clearTimeout(late))
    sent.on('error', ({ message }) => fail(`cannot be reached: ${message}`))
    sent.on('response', (response) => {
      clearTimeout(late)
      const { statusCode, headers } = response
      if (statusCode === 200 && (headers['content-encoding'] ?? 'identity') === 'identity') return resolve(response)
      response.destroy()
      fail(statusCode === 200 ? 'answered compressed' : `answered ${statusCode}`)
    })
    sent.end(body)
  })

/**
 * @param bytes that the answer may have at most
 * @throws Unreachable
 */
export const read = async (question: Question, bytes: number): Promise<string> => {
  const { url, timeout } = question
  const response = await ask(question)
  const late = setTimeout(() => response.destroy(new Error(`did not finish in ${timeout} ms`)), timeout)
  if (question.background) late.unref()
  try {
    const chunks: Buffer[] = []
    let length = 0
    for await (const chunk of response) {
      if (!Buffer.isBuffer(chunk)) throw new Error('is not bytes')
      length += chunk.length
      if (length > bytes) throw new Error(`is larger than ${bytes} bytes`)
      chunks.push(chunk)
    }
    return Buffer.concat(chunks).toString('utf8')
  } catch (error) {
    throw new Unreachable(`${url.origin}${url.pathname} ${error instanceof Error ? error.message : 'broke off'}`)
  } finally {
    clearTimeout(late)
    response.destroy()
  }
}

/** @throws Unreachable also where it is no JSON object */
export const readObject = async (question: Question, bytes: number): Promise<Readonly<Record<string, unknown>>> => {
  const text = await read(question, bytes)
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value)) return value
  } catch {
    // Said below, with the address.
  }
  throw new Unreachable(`${question.url.origin}${question.url.pathname} did not answer with a JSON object`)
}

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
