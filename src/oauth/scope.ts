import { invalidScope } from './errors.ts'

/** RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E ) */
const token = /^[\x21\x23-\x5b\x5d-\x7e]+$/
const most = 100

/**
 * The values of a `scope`, each once, in the order of their first appearance. Some clients send two spaces or one at
 * the end; that asks for nothing more.
 * @throws invalid_scope
 */
export const parseScope = (text: string | undefined): readonly string[] => {
  const values = [...new Set((text ?? '').split(' '))].filter((value) => value !== '')
  if (values.length > most) throw invalidScope(`scope may have at most ${most} values.`)
  if (!values.every((value) => token.test(value)))
    throw invalidScope('scope contains a character that RFC 6749 §3.3 does not allow.')
  return values
}

export const formatScope = (scope: readonly string[]): string => scope.join(' ')

/** Whether nothing is asked for that is not allowed. */
export const within = (asked: readonly string[], allowed: readonly string[]): boolean =>
  asked.every((value) => allowed.includes(value))
