// SPDX-License-Identifier: MIT

// Peer: Go's database/sql, over a driver that does nothing. A goroutine stands
// for a thread. Speaks the lines of bench/pool/workload.h.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	subBits      = 5
	subs         = 1 << subBits
	buckets      = 60 * subs
	timedOneIn   = 64
	busyHoldMost = 100
)

type stub struct{}

type stubConn struct{}

func (stub) Open(string) (driver.Conn, error) { return stubConn{}, nil }

func (stubConn) Prepare(string) (driver.Stmt, error) {
	return nil, driver.ErrSkip
}
func (stubConn) Close() error              { return nil }
func (stubConn) Begin() (driver.Tx, error) { return nil, driver.ErrSkip }

// Waits on a logarithmic scale, as bench/pool/waits.h.
type waits struct {
	counts  [buckets]uint64
	total   uint64
	longest int64
}

func (w *waits) add(ns int64) {
	v := uint64(ns)
	bucket := v
	if v >= subs {
		shift := uint(63 - bits.LeadingZeros64(v) - subBits)
		bucket = uint64(shift+1)*subs + (v>>shift)&(subs-1)
	}
	if bucket >= buckets {
		bucket = buckets - 1
	}
	w.counts[bucket]++
	w.total++
	if ns > w.longest {
		w.longest = ns
	}
}

func (w *waits) merge(more *waits) {
	for i := range w.counts {
		w.counts[i] += more.counts[i]
	}
	w.total += more.total
	if more.longest > w.longest {
		w.longest = more.longest
	}
}

func (w *waits) percentile(share float64) float64 {
	wanted := uint64(share * float64(w.total))
	var seen uint64
	for i, count := range w.counts {
		seen += count
		if count > 0 && (seen > wanted || seen == w.total) {
			if i < subs {
				return float64(i) / 1e3
			}
			shift := uint(i/subs - 1)
			middle := float64(subs+i%subs) + 0.5
			return middle * float64(uint64(1)<<shift) / 1e3
		}
	}
	return 0
}

type worker struct {
	ops    uint64
	waited waits
	_      [128]byte
}

var phase atomic.Int32 // 0: wait, 1: run, 2: stop

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench-pool: go_database_sql:", err)
		os.Exit(1)
	}
}

func acquire(db *sql.DB) *sql.Conn {
	conn, err := db.Conn(context.Background())
	must(err)
	return conn
}

func hold(us int) {
	length := time.Duration(us) * time.Microsecond
	if us > busyHoldMost {
		time.Sleep(length)
		return
	}
	for began := time.Now(); time.Since(began) < length; {
	}
}

func (w *worker) work(db *sql.DB, holdUs int) {
	for phase.Load() == 0 {
		time.Sleep(200 * time.Microsecond)
	}
	for phase.Load() == 1 {
		var conn *sql.Conn
		if holdUs > 0 || w.ops%timedOneIn == 0 {
			began := time.Now()
			conn = acquire(db)
			w.waited.add(int64(time.Since(began)))
		} else {
			conn = acquire(db)
		}
		if holdUs > 0 {
			hold(holdUs)
		}
		must(conn.Close())
		w.ops++
	}
}

func switches() int64 {
	var used syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return used.Nvcsw + used.Nivcsw
}

func run(threads, size, holdUs, runMs int) {
	db, err := sql.Open("stub", "")
	must(err)
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	db.SetConnMaxLifetime(30 * time.Minute)
	phase.Store(0)
	workers := make([]worker, threads)
	var all sync.WaitGroup
	for i := range workers {
		all.Add(1)
		go func(w *worker) {
			defer all.Done()
			w.work(db, holdUs)
		}(&workers[i])
	}
	time.Sleep(20 * time.Millisecond)
	switched := switches()
	began := time.Now()
	phase.Store(1)
	time.Sleep(time.Duration(runMs) * time.Millisecond)
	phase.Store(2)
	took := time.Since(began)
	switched = switches() - switched
	all.Wait()
	must(db.Close())
	answer(workers, took, switched)
}

func answer(workers []worker, took time.Duration, switched int64) {
	var waited waits
	total, most := uint64(0), uint64(0)
	least := ^uint64(0)
	for i := range workers {
		ops := workers[i].ops
		total += ops
		if ops < least {
			least = ops
		}
		if ops > most {
			most = ops
		}
		waited.merge(&workers[i].waited)
	}
	if total == 0 {
		total = 1
	}
	fmt.Printf("%.2f %d %d %.3f %.3f %.3f %.3f %.5f\n",
		float64(took.Nanoseconds())/float64(total), least, most,
		waited.percentile(0.5), waited.percentile(0.99),
		waited.percentile(0.999), float64(waited.longest)/1e3,
		float64(switched)/float64(total))
}

func main() {
	sql.Register("stub", stub{})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var threads, size, holdUs, runMs int
		_, err := fmt.Sscan(lines.Text(), &threads, &size, &holdUs, &runMs)
		must(err)
		run(threads, size, holdUs, runMs)
	}
}
