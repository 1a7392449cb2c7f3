// SPDX-License-Identifier: MIT

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Paths;
import java.sql.Connection;
import java.util.Locale;
import java.util.concurrent.locks.LockSupport;
import javax.sql.DataSource;

/**
 * Peer: HikariCP over a data source that does nothing. Speaks the lines of
 * bench/pool/workload.h. The first cell warms the compiler up for a while.
 */
public final class Serve {
    static final int SUB_BITS = 5;
    static final int SUBS = 1 << SUB_BITS;
    static final int BUCKETS = 60 * SUBS;
    static final int TIMED_ONE_IN = 64;
    static final int BUSY_HOLD_MOST_US = 100;
    static final int WARM_UP_MS = 1500;

    static volatile int phase; // 0: wait, 1: run, 2: stop
    static volatile boolean lastHeld;

    /** Waits on a logarithmic scale, as bench/pool/waits.h. */
    static final class Waits {
        final long[] counts = new long[BUCKETS];
        long total;
        long longest;

        void add(long ns) {
            int bucket = (int) Math.min(ns, SUBS);
            if (ns >= SUBS) {
                int shift = 63 - Long.numberOfLeadingZeros(ns) - SUB_BITS;
                bucket = (shift + 1) * SUBS
                    + (int) ((ns >> shift) & (SUBS - 1));
            }
            counts[Math.min(bucket, BUCKETS - 1)]++;
            total++;
            longest = Math.max(longest, ns);
        }

        void merge(Waits more) {
            for (int i = 0; i < BUCKETS; i++)
                counts[i] += more.counts[i];
            total += more.total;
            longest = Math.max(longest, more.longest);
        }

        double percentile(double share) {
            long wanted = (long) (share * total);
            long seen = 0;
            for (int i = 0; i < BUCKETS; i++) {
                seen += counts[i];
                if (counts[i] == 0 || seen <= wanted && seen < total)
                    continue;
                if (i < SUBS)
                    return i / 1e3;
                return (SUBS + i % SUBS + 0.5)
                    * (double) (1L << (i / SUBS - 1)) / 1e3;
            }
            return 0;
        }
    }

    static final class Worker extends Thread {
        final DataSource pool;
        final int holdUs;
        final Waits waited = new Waits();
        long ops;
        long switches;

        Worker(DataSource pool, int holdUs) {
            this.pool = pool;
            this.holdUs = holdUs;
            setDaemon(true);
        }

        @Override
        public void run() {
            try {
                while (phase == 0)
                    LockSupport.parkNanos(200_000);
                long before = switchesOfThread();
                work();
                switches = switchesOfThread() - before;
            } catch (Exception failure) {
                failure.printStackTrace();
                System.exit(1);
            }
        }

        void work() throws Exception {
            long done = 0;
            while (phase == 1) {
                Connection conn;
                if (holdUs > 0 || done % TIMED_ONE_IN == 0) {
                    long began = System.nanoTime();
                    conn = pool.getConnection();
                    waited.add(System.nanoTime() - began);
                } else {
                    conn = pool.getConnection();
                }
                if (holdUs > 0)
                    hold(holdUs);
                conn.close();
                done++;
            }
            ops = done;
        }
    }

    static void hold(int us) {
        long end = System.nanoTime() + us * 1000L;
        if (us > BUSY_HOLD_MOST_US) {
            long left;
            while ((left = end - System.nanoTime()) > 0)
                LockSupport.parkNanos(left);
            return;
        }
        while (System.nanoTime() < end)
            lastHeld = true;
    }

    static long switchesOfThread() throws Exception {
        long sum = 0;
        for (String line
             : Files.readAllLines(Paths.get("/proc/thread-self/status")))
            if (line.contains("ctxt_switches:"))
                sum += Long.parseLong(line.replaceAll("\\D", ""));
        return sum;
    }

    /** What an interface's method answers if nobody cares. */
    static Object nothing(Method method) {
        Class<?> type = method.getReturnType();
        if (type == boolean.class)
            return method.getName().equals("isValid")
                || method.getName().equals("getAutoCommit");
        if (type == int.class)
            return 0;
        return null;
    }

    static <T> T stub(Class<T> type, InvocationHandler handler) {
        return type.cast(Proxy.newProxyInstance(
            type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    static DataSource stubSource() {
        return stub(DataSource.class, (self, method, args) ->
            method.getName().equals("getConnection")
                ? stub(Connection.class, (conn, call, given) ->
                    call.getName().equals("hashCode")
                        ? System.identityHashCode(conn) : nothing(call))
                : nothing(method));
    }

    static HikariDataSource open(int size) {
        HikariConfig config = new HikariConfig();
        config.setDataSource(stubSource());
        config.setMaximumPoolSize(size);
        return new HikariDataSource(config);
    }

    static String run(int threads, int size, int holdUs, int runMs)
            throws Exception {
        try (HikariDataSource pool = open(size)) {
            Worker[] workers = new Worker[threads];
            phase = 0;
            for (int i = 0; i < threads; i++)
                (workers[i] = new Worker(pool, holdUs)).start();
            Thread.sleep(50);
            long began = System.nanoTime();
            phase = 1;
            Thread.sleep(runMs);
            phase = 2;
            long took = System.nanoTime() - began;
            for (Worker worker : workers)
                worker.join();
            return answer(workers, took);
        }
    }

    static String answer(Worker[] workers, long took) {
        Waits waited = new Waits();
        long total = 0;
        long least = Long.MAX_VALUE;
        long most = 0;
        long switches = 0;
        for (Worker worker : workers) {
            total += worker.ops;
            least = Math.min(least, worker.ops);
            most = Math.max(most, worker.ops);
            switches += worker.switches;
            waited.merge(worker.waited);
        }
        total = Math.max(total, 1);
        return String.format(Locale.ROOT,
            "%.2f %d %d %.3f %.3f %.3f %.3f %.5f", (double) took / total,
            least, most, waited.percentile(0.5), waited.percentile(0.99),
            waited.percentile(0.999), waited.longest / 1e3,
            (double) switches / total);
    }

    public static void main(String[] args) throws Exception {
        BufferedReader in =
            new BufferedReader(new InputStreamReader(System.in));
        PrintWriter out = new PrintWriter(System.out, true);
        boolean warm = false;
        String line;
        while ((line = in.readLine()) != null) {
            String[] words = line.trim().split(" ");
            int[] cell = new int[4];
            for (int i = 0; i < 4; i++)
                cell[i] = Integer.parseInt(words[i]);
            if (!warm)
                run(2, cell[1], 0, WARM_UP_MS);
            warm = true;
            out.println(run(cell[0], cell[1], cell[2], cell[3]));
        }
    }
}
