// The worker of threads.test.mjs.
import { ConcurrentMap } from 'threadmap'

const hits = ConcurrentMap.open('counted by a worker')
for (let time = 0; time < 1_000; time++) hits.add('total', 1)
