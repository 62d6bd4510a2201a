import { renderToString } from 'preact-render-to-string'
import type { Asset } from './asset.ts'

const left = 'M4 2h13l-4 9 5 7-4 12H4a2 2 0 0 1-2-2V4a2 2 0 0 1 2-2z'
const right = 'M21.5 3H28a1 1 0 0 1 1 1v24a1 1 0 0 1-1 1H18.7l3.8-11.2-5-7z'

/** A tile broken in two halves that fit. */
export const Mark = () => (
  <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path d={left} fill="currentColor" />
    <path d={right} fill="none" stroke="currentColor" stroke-width="2" stroke-linejoin="round" />
  </svg>
)

/** The favicon, in a tone that is seen on light and on dark tabs. */
export const mark: Asset = {
  path: '/assets/mark.svg',
  contentType: 'image/svg+xml',
  body: renderToString(<Mark />).replace('<svg ', '<svg color="#3d8c7f" '),
}
