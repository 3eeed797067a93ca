package output

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"
)

// Screen shows one reading after another. On a terminal each replaces the last one; elsewhere they are printed one below the
// other.
type Screen struct {
	w        io.Writer
	terminal bool
}

// NewScreen shows readings on w.
func NewScreen(w io.Writer) Screen {
	f, ok := w.(*os.File)
	if !ok {
		return Screen{w: w}
	}
	info, err := f.Stat()
	return Screen{w: w, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// clearScreen moves the cursor to the top left corner and clears the screen (ECMA-48 CUP and ED).
const clearScreen = "\x1b[H\x1b[2J"

// Show prints in one write, so that a terminal does not flicker.
func (s Screen) Show(print func(io.Writer) error) error {
	var b bytes.Buffer
	if s.terminal {
		b.WriteString(clearScreen)
	}
	if err := print(&b); err != nil {
		return err
	}
	_, err := s.w.Write(b.Bytes())
	return err
}

// patience is how long a command may be silent.
const patience = time.Second

// Waiting prints what the command waits for, if that takes longer than a second. Call over when it has come: nothing is printed
// after that.
func Waiting(w io.Writer, what string) (over func()) {
	var mu sync.Mutex
	ended := false
	t := time.AfterFunc(patience, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			fmt.Fprintln(w, what+" …")
		}
	})
	return func() {
		t.Stop()
		mu.Lock()
		defer mu.Unlock()
		ended = true
	}
}

// Progress shows on a terminal how many tasks are finished; elsewhere it prints once how many there are, if they take longer than a
// second. Call finished after each task.
func Progress(w io.Writer, doing string, all int) (finished func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		what := doing
		if all > 1 {
			what = fmt.Sprintf("%s: %d tasks", doing, all)
		}
		over := Waiting(w, what)
		var done atomic.Int64
		return func() {
			if done.Add(1) == int64(all) {
				over()
			}
		}
	}
	const eraseLine = "\r\x1b[K"
	var mu sync.Mutex
	done := -1
	finished = func() {
		mu.Lock()
		defer mu.Unlock()
		if done++; done == all {
			fmt.Fprint(f, eraseLine)
			return
		}
		fmt.Fprintf(f, eraseLine+"%s: %d of %d done", doing, done, all)
	}
	finished()
	return finished
}
