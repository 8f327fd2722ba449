// The peers' queues under the load of tests/bench/rows_queue.cc: one million keys, ten workers, half of the adds
// duplicates, a tenth delayed, and one urgent key behind 100,000. Prints one JSON object.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
)

const workers = 10

type queue interface {
	Add(string)
	AddAfter(string, time.Duration)
	Get() (string, bool)
	Done(string)
	ShutDown()
}

type figure struct {
	Unit   string  `json:"unit"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	Max    float64 `json:"max"`
	Runs   int     `json:"runs"`
}

func figureOf(unit string, values []float64) figure {
	sort.Float64s(values)
	return figure{unit, values[0], values[len(values)/2], values[len(values)-1], len(values)}
}

// drain takes `count` keys with ten workers and waits for them.
func drain(q queue, count int) {
	var left atomic.Int64
	left.Store(int64(count))
	var wait sync.WaitGroup
	for i := 0; i < workers; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for {
				key, down := q.Get()
				if down {
					return
				}
				q.Done(key)
				if left.Add(-1) == 0 {
					q.ShutDown()
				}
			}
		}()
	}
	wait.Wait()
}

func measure(make func() queue, keys []string, runs int) map[string]figure {
	count := len(keys)
	var distinct, half, delayed []float64
	for run := 0; run < runs; run++ {
		q := make()
		begin := time.Now()
		for _, key := range keys {
			q.Add(key)
		}
		drain(q, count)
		distinct = append(distinct, float64(count)/time.Since(begin).Seconds()/1e6)

		q = make()
		begin = time.Now()
		for i := range keys {
			q.Add(keys[i/2])
		}
		drain(q, count/2)
		half = append(half, float64(count)/time.Since(begin).Seconds()/1e6)

		// Due at once, so that only the work counts and not the waiting.
		q = make()
		begin = time.Now()
		for i := 0; i < count/10; i++ {
			q.AddAfter(keys[i], time.Microsecond)
		}
		drain(q, count/10)
		delayed = append(delayed, float64(count/10)/time.Since(begin).Seconds()/1e6)
	}
	return map[string]figure{
		"distinct keys":         figureOf("million a second", distinct),
		"half duplicates, adds": figureOf("million a second", half),
		"delayed":               figureOf("million a second", delayed),
	}
}

func main() {
	runs := flag.Int("runs", 7, "of each")
	count := flag.Int("count", 1000000, "keys")
	flag.Parse()
	keys := make([]string, *count)
	for i := range keys {
		keys[i] = fmt.Sprintf("bench.aws/Plain/r%07d", i)
	}
	clientGo := func() queue {
		return workqueue.NewTypedDelayingQueue[string]()
	}
	controllerRuntime := func() queue {
		return priorityqueue.New[string]("bench")
	}
	report := map[string]any{
		"client-go":          measure(clientGo, keys, *runs),
		"controller-runtime": measure(controllerRuntime, keys, *runs),
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		os.Exit(1)
	}
}
