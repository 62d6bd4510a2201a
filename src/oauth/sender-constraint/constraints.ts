import type { X509Certificate } from 'node:crypto'

/** What a certificate demands of a path that it is part of. */
export type Constraints = {
  /** Authorities that may stand between this one and the client. */
  readonly pathLength: number
  /** Whether all of its demands are ones that are looked at. */
  readonly areUnderstood: boolean
}

const basicConstraints = '551d13'
const nameConstraints = '551d1e'
/** Beside it: what Node looks at (key usage, extended key usage), what the client is known by, and policies, of which none is asked. */
const understood: readonly string[] = [basicConstraints, '551d0f', '551d25', '551d11', '551d20']

/**
 * RFC 5280 §4.2: "A certificate-using system MUST reject the certificate if it encounters a critical extension it does not
 * recognize". Node tells of none of them.
 */
export const constraintsOf = ({ raw }: X509Certificate): Constraints => {
  try {
    const extensions = extensionsIn(raw)
    const areUnderstood = extensions.every(
      ({ id, isCritical }) => understood.includes(id) || (!isCritical && id !== nameConstraints),
    )
    const basic = extensions.find(({ id }) => id === basicConstraints)
    return { pathLength: basic ? pathLengthIn(basic.value) : Number.POSITIVE_INFINITY, areUnderstood }
  } catch (error) {
    if (error instanceof RangeError) return { pathLength: 0, areUnderstood: false }
    throw error
  }
}

type Extension = { readonly id: string; readonly isCritical: boolean; readonly value: Buffer }

const tags = { boolean: 0x01, integer: 0x02, octets: 0x04, extensions: 0xa3 } as const

/** RFC 5280 §4.1: the last part of what is signed. */
const extensionsIn = (certificate: Buffer): readonly Extension[] => {
  const [signed] = elementsIn(contentOf(certificate))
  const wrapped = elementsIn(signed?.content).find(({ tag }) => tag === tags.extensions)
  return wrapped === undefined ? [] : elementsIn(contentOf(wrapped.content)).map(extension)
}

const extension = ({ content }: Element): Extension => {
  const [id, ...rest] = elementsIn(content)
  const value = rest.find(({ tag }) => tag === tags.octets)
  if (!id || !value) throw new RangeError('no extension')
  const isCritical = rest.some(({ tag, content }) => tag === tags.boolean && content[0] !== 0)
  return { id: id.content.toString('hex'), isCritical, value: value.content }
}

/** RFC 5280 §4.2.1.9: an optional boolean, and an optional number. */
const pathLengthIn = (value: Buffer): number => {
  const length = elementsIn(contentOf(value)).find(({ tag }) => tag === tags.integer)
  return length ? Number.parseInt(length.content.toString('hex'), 16) : Number.POSITIVE_INFINITY
}

type Element = { readonly tag: number; readonly content: Buffer }

const contentOf = (der: Buffer): Buffer | undefined => elementsIn(der)[0]?.content

/** X.690 §8.1, as far as DER and certificates need it: tags of one octet, lengths that are told. */
const elementsIn = (der: Buffer = Buffer.alloc(0)): readonly Element[] => {
  const found: Element[] = []
  for (let at = 0; at < der.length; ) {
    const short = der.readUInt8(at + 1)
    const more = short < 0x80 ? 0 : short & 0x7f
    const start = at + 2 + more
    const end = start + (more === 0 ? short : der.readUIntBE(at + 2, more))
    if (end > der.length) throw new RangeError('cut off')
    found.push({ tag: der.readUInt8(at), content: der.subarray(start, end) })
    at = end
  }
  return found
}
