import { createHash } from 'node:crypto'

/** A file the pages need; its path, below the issuer's own, changes with its content, so it may be cached for ever. */
export type Asset = { readonly path: string; readonly contentType: string; readonly body: string }

export const fingerprinted = (name: string, extension: 'css' | 'js', contentType: string, body: string): Asset => {
  const hash = createHash('sha256').update(body).digest('base64url').slice(0, 12)
  return { path: `/assets/${name}.${hash}.${extension}`, contentType, body }
}
