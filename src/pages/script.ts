import { type Asset, fingerprinted } from './asset.ts'

/** Comfort only: a person's own time zone, and copy buttons. Every page does its work without it. */
const js = `'use strict'
for (const time of document.querySelectorAll('time[datetime]')) {
  const instant = new Date(time.dateTime)
  if (Number.isNaN(instant.getTime())) continue
  const style = { dateStyle: 'medium', timeStyle: 'short' }
  time.textContent = instant.toLocaleString(document.documentElement.lang, style)
}
for (const source of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'copy'
  button.textContent = source.dataset.copy
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = source.dataset.copied
    } catch {
      getSelection().selectAllChildren(source)
    }
  })
  source.after(button)
}
`

export const script: Asset = fingerprinted('tessera', 'js', 'text/javascript; charset=utf-8', js)
