// Another process: prints the handle of its first map.

import { ConcurrentMap } from '../../index.ts'

console.log(JSON.stringify(new ConcurrentMap().handle))
