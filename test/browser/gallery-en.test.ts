import t from 'tap'
import { inspectEveryPage } from '../support/gallery-inspection.ts'

t.test('WCAG 2.2 AA: every page, en', (t) => inspectEveryPage(t, 'en'))
