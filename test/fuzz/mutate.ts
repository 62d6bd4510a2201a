import { type KeyObject, sign } from 'node:crypto'
import type { Mutation, Value, Where } from './mutation.ts'
import type { Pair, Shot } from './shot.ts'

type Known = { readonly vocabulary: readonly string[]; keyFor(header: Record<string, unknown>): KeyObject }
type Place = { readonly where: Where; readonly index: number; readonly pair: Pair }

const listOf = (shot: Shot, where: Where): readonly Pair[] => {
  if (where !== 'form') return shot[where]
  return shot.body && 'form' in shot.body ? shot.body.form : []
}
const withList = (shot: Shot, where: Where, list: readonly Pair[]): Shot =>
  where === 'form' ? { ...shot, body: { form: list } } : { ...shot, [where]: list }
const placesOf = (shot: Shot): readonly Place[] =>
  (['query', 'form', 'headers'] as const).flatMap((where) =>
    listOf(shot, where).map((pair, index) => ({ where, index, pair })),
  )
const change = (shot: Shot, { where, index }: Place, ...pairs: readonly Pair[]): Shot =>
  withList(shot, where, listOf(shot, where).toSpliced(index, 1, ...pairs))

const isSigned = (text: string) => /^eyJ[\w-]*\.eyJ[\w-]*\.[\w-]+$/.test(text)
const decoded = (part: string | undefined): Record<string, unknown> => {
  try {
    const value: unknown = JSON.parse(Buffer.from(part ?? '', 'base64url').toString())
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    // Another mutation has put something else there.
    return {}
  }
}
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Changed, and signed again by the key that signs for it: what lies behind the signature is reached too. */
const resigned = (
  jwt: string,
  { is, name, json }: Mutation & { readonly json: unknown; readonly name: string },
  known: Known,
) => {
  const [first, second] = jwt.split('.')
  const header = { ...decoded(first), ...(is === 'header of a JWT' && { [name]: json }) }
  const signed = `${encoded(header)}.${encoded({ ...decoded(second), ...(is === 'claim of a JWT' && { [name]: json }) })}`
  const signature = sign('sha256', Buffer.from(signed), { key: known.keyFor(header), dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}

/** A request that cannot be changed in this way stays as it is. */
export const mutated = (shot: Shot, mutation: Mutation, known: Known): Shot => {
  const textOf = (value: Value) =>
    'text' in value ? value.text : (known.vocabulary[value.borrowed % known.vocabulary.length] ?? '')
  if (mutation.is === 'method') return { ...shot, method: mutation.method }
  if (mutation.is === 'body') return { ...shot, body: mutation.body }
  if (mutation.is === 'path') return { ...shot, path: shot.path + encodeURI(mutation.more.replaceAll(/\p{Cs}/gu, '')) }
  if (mutation.is === 'add') {
    const { where, name } = mutation
    return withList(shot, where, [...listOf(shot, where), [name, textOf(mutation.value)]])
  }
  if (mutation.is === 'member') {
    if (!shot.body || !('json' in shot.body)) return shot
    const json = Object.fromEntries([...Object.entries(shot.body.json ?? {}), [mutation.name, mutation.json]])
    return { ...shot, body: { json } }
  }
  const isJwt = mutation.is === 'header of a JWT' || mutation.is === 'claim of a JWT'
  // Who asks is changed seldom: whoever is nobody is stopped at the door.
  const stays = ({ pair: [name] }: Place) => mutation.at % 4 !== 0 && ['cookie', 'authorization'].includes(name)
  const places = placesOf(shot).filter((place) => (isJwt ? isSigned(place.pair[1]) : !stays(place)))
  const place = places[mutation.at % places.length]
  if (!place) return shot
  const [name, text] = place.pair
  switch (mutation.is) {
    case 'drop':
      return change(shot, place)
    case 'double':
      return change(shot, place, place.pair, place.pair)
    case 'replace':
      return change(shot, place, [name, textOf(mutation.value)])
    case 'repeat':
      return change(shot, place, place.pair, [name, textOf(mutation.value)])
    case 'append':
      return change(shot, place, [name, text + textOf(mutation.value)])
    case 'rename':
      return change(shot, place, [place.where === 'headers' ? name : mutation.name, text])
    case 'move': {
      if (place.where === 'headers') return shot
      const other = place.where === 'query' ? 'form' : 'query'
      const without = change(shot, place)
      return withList(without, other, [...listOf(without, other), place.pair])
    }
    default:
      return change(shot, place, [name, resigned(text, mutation, known)])
  }
}
