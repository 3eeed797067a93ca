// Command mutate asks whether the tests notice mistakes: it makes one small mistake at a time in some files (a mutant), and runs
// the tests of the package, then those of the packages that import it. A mutant that no test fails for has survived: nothing says
// that the line is right.
//
//	mutate --sample 100 scaler/rules.go scaler/limits.go
//
// Mistakes: a condition is negated, a bound moves by one, && is ||, + is -, min is max, a number is ten times as large, a statement
// or a row of a table is missing. A mutant that does not compile does not count. One that means the same as the program is in
// equivalent.txt, with the reason, and does not count either; nor does the capacity in a call of make.
//
// The files on the disk stay as they are: the compiler gets the mutants as an overlay, all of a package together (bundle). The
// sample is the same for the same seed and files.
//
// It is our own because the kept one, gremlins 0.6, runs the tests of the mutant's package alone or those of all packages, copies
// the whole tree for each worker, and leaves out no statement.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"time"
)

type options struct {
	sample    int
	seed      uint64
	least     float64
	timeout   time.Duration
	alone     bool
	importers string
	first     string
	survivors bool
	files     []string
}

func main() {
	var o options
	flag.IntVar(&o.sample, "sample", 0, "number of mutants to try; 0: all")
	flag.Uint64Var(&o.seed, "seed", 1, "of the sample")
	flag.Float64Var(&o.least, "least", 95, "percent that must be killed")
	flag.DurationVar(&o.timeout, "timeout", 5*time.Minute, "of the tests for one mutant; who exceeds it is killed")
	flag.BoolVar(&o.alone, "alone", false, "run the tests of the mutant's package only, not those of the packages that import it")
	flag.StringVar(&o.importers, "importers", "", "regular expression of the folders of importers whose tests are run")
	flag.BoolVar(&o.survivors, "survivors", false, "print only those mutants that survived")
	flag.StringVar(&o.first, "first", "", "regular expression of tests that are run before all of the mutant's package: quick ones that kill most")
	flag.Parse()
	o.files = flag.Args()
	if err := run(o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(o options, out io.Writer) error {
	mutants, err := find(o.files)
	if err != nil {
		return err
	}
	all := len(mutants)
	rand.New(rand.NewPCG(o.seed, 0)).Shuffle(all, func(i, j int) { mutants[i], mutants[j] = mutants[j], mutants[i] })
	if o.sample > 0 {
		mutants = mutants[:min(o.sample, all)]
	}
	r, err := newRunner(mutants, o)
	if err != nil {
		return err
	}
	defer r.close()
	counts := map[fate]int{}
	for i, m := range mutants {
		began := time.Now()
		f, by, err := r.try(i + 1)
		if err != nil {
			return err
		}
		counts[f]++
		if o.survivors && f != survived {
			continue
		}
		fmt.Fprintf(out, "%d/%d %s %s (%.1f s) %v\n", i+1, len(mutants), f, by, time.Since(began).Seconds(), m)
	}
	killed, lived := counts[killed], counts[survived]
	share := 100 * float64(killed) / float64(max(1, killed+lived))
	fmt.Fprintf(out, "%d of %d mutants, seed %d: killed %d, survived %d (%.1f %% killed), did not compile %d\n", len(mutants), all, o.seed, killed, lived, share, counts[broken])
	if share < o.least {
		return fmt.Errorf("%.1f %% are killed, %.1f %% are the least", share, o.least)
	}
	return nil
}

// find are the mutants of the files, without the equivalent ones.
func find(files []string) ([]mutant, error) {
	if len(files) == 0 {
		return nil, errors.New("name the files to change")
	}
	same, err := equivalents()
	if err != nil {
		return nil, err
	}
	var all []mutant
	for _, file := range files {
		mutants, err := mutantsOf(file)
		if err != nil {
			return nil, err
		}
		all = append(all, mutants...)
	}
	return slices.DeleteFunc(all, func(m mutant) bool { return same[equivalent{m.file, m.was, m.is}] != "" }), nil
}
