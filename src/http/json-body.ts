import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify'
import { invalidRequest } from '../oauth/errors.ts'

const mediaType = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i
const deepest = 20

/**
 * D4: how deep brackets stand in one another, before any parser walks down there.
 * @returns a number past `deepest` as soon as there is one
 */
const depthOf = (text: string): number => {
  let depth = 0
  let most = 0
  let inString = false
  for (let at = 0; at < text.length && most <= deepest; at++) {
    const character = text[at]
    if (inString && character === '\\') at++
    else if (character === '"') inString = !inString
    else if (!inString && (character === '{' || character === '[')) most = Math.max(most, ++depth)
    else if (!inString && (character === '}' || character === ']')) depth--
  }
  return most
}

/** U+0000, and half of a surrogate pair: no text of ours may hold them, and no database takes them. */
const unwritable = /[\0\p{Cs}]/u

/** O7: a name by which JavaScript reaches what every object has is nobody's field. */
const isSound = (value: unknown): boolean => {
  if (typeof value === 'string') return !unwritable.test(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(
    ([name, each]) => name !== '__proto__' && name !== 'constructor' && !unwritable.test(name) && isSound(each),
  )
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw invalidRequest('The body is not JSON.')
  }
}

/** Makes every body of this plugin's scope JSON, undefined where nothing was sent. Anything else is 415 (O8). */
export const jsonBody = (app: FastifyInstance): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (request: FastifyRequest, body: string): Promise<unknown> => {
      if (!mediaType.test(request.headers['content-type'] ?? '')) throw new errorCodes.FST_ERR_CTP_INVALID_MEDIA_TYPE()
      if (body === '') return undefined
      if (depthOf(body) > deepest) throw invalidRequest('The body is nested too deeply.')
      const value = parsed(body)
      if (!isSound(value)) throw invalidRequest('The body holds a name or a character that is not accepted.')
      return value
    },
  )
}
