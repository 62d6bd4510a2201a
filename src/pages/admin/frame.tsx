import type { ComponentChildren } from 'preact'
import { framed } from '../document.tsx'
import { Hidden, type Pairs, shownTo } from '../form.tsx'
import type { Presentation } from '../language.ts'
import { type AdminTexts, adminTexts } from '../texts/admin.ts'

/** What every page of the administration needs: where it is mounted, and what its forms carry. */
export type AdminFrame = {
  /** The issuer's own path. */
  readonly base: string
  readonly csrf: string
  /** The administrator. */
  readonly person: { readonly userId: string; readonly username: string }
  /** What has just been ended. */
  readonly done?: Counts | undefined
}
export type Counts = { readonly sessions: number; readonly families: number; readonly codes: number }

const places = [
  ['people', '/admin/people'],
  ['sessions', '/admin/sessions'],
  ['families', '/admin/families'],
  ['clients', '/admin/clients'],
  ['events', '/admin/events'],
  ['logouts', '/admin/logouts'],
  ['everything', '/admin/revoke?kind=all'],
] as const

export type Place = (typeof places)[number][0]

export const adminFrame = (
  {
    frame,
    place,
    title,
    children,
  }: {
    readonly frame: AdminFrame
    readonly place: Place
    readonly title: string
    readonly children: ComponentChildren
  },
  presentation: Presentation,
): string => {
  const words = adminTexts[presentation.language]
  const { done } = frame
  return framed(
    {
      title: `${title} – ${words.title}`,
      places: (
        <nav aria-label={words.title}>
          <ul>
            {places.map(([name, path]) => (
              <li key={name}>
                <a href={frame.base + path} {...(name === place && { 'aria-current': 'page' })}>
                  {words.places[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      ),
      children: (
        <>
          <h1>{title}</h1>
          {done && (
            <p id="admin-done" role="status">
              {words.done(words.counts(done.sessions, done.families, done.codes))}
            </p>
          )}
          {children}
        </>
      ),
    },
    presentation,
  )
}

/** One button that ends one thing at once. @property of what: `kind` and what it needs; `from` the page to come back to */
export const End = ({
  frame,
  id,
  of,
  from,
  label,
  says,
}: {
  readonly frame: AdminFrame
  readonly id: string
  readonly of: Pairs
  readonly from: string
  readonly label: string
  readonly says: string
}) => (
  <form id={id} method="post" action={`${frame.base}/admin/revoke`}>
    <Hidden fields={[['csrf', frame.csrf], ...shownTo(frame.person), ['from', from], ...of]} />
    <button id={`${id}-submit`} type="submit" aria-label={says}>
      {label}
    </button>
  </form>
)

/** Where an act on many begins: at the page that says what it ends. */
export const revokeLink = (base: string, of: Pairs): string =>
  `${base}/admin/revoke?${new URLSearchParams(of.map(([name, value]) => [name, value]))}`

/** @property next the address of the next page */
export type Pager = { readonly next: string | undefined; readonly first: string | undefined }

export const Pages = ({ next, first, words }: Pager & { readonly words: AdminTexts }) =>
  next === undefined && first === undefined ? null : (
    <p class="links">
      {next !== undefined && (
        <a id="next-page" href={next}>
          {words.next}
        </a>
      )}
      {first !== undefined && <a href={first}>{words.first}</a>}
    </p>
  )
