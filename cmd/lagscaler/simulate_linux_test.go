package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// terminal opens a pseudo-terminal: what is written to tty is read from screen, until tty is closed.
func terminal(t *testing.T) (screen, tty *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatalf("opening a pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { _ = screen.Close() })
	var locked, number int32
	for request, argument := range map[uintptr]*int32{syscall.TIOCSPTLCK: &locked, syscall.TIOCGPTN: &number} {
		if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, screen.Fd(), request, uintptr(unsafe.Pointer(argument))); errno != 0 {
			t.Fatalf("asking the pseudo-terminal: %v", errno)
		}
	}
	if tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0); err != nil {
		t.Fatalf("opening the other end of the pseudo-terminal: %v", err)
	}
	return screen, tty
}

// TestSimulateShowsProgress: on a terminal, how far it is, and at the end nothing of it is left; elsewhere only what it waits for.
func TestSimulateShowsProgress(t *testing.T) {
	args := []string{"simulate", "--trace", "azure_llm_code_1s", "--partitions", "4", "--protocol", "both"}
	screen, tty := terminal(t)
	shown := make(chan string)
	go func() {
		text, _ := io.ReadAll(screen) // it ends with an error when the other end is closed
		shown <- string(text)
	}()
	var onTerminal, elsewhere, errOut bytes.Buffer
	if code := execute(t.Context(), newRoot(), args, &onTerminal, tty); code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	_ = tty.Close()
	text := <-shown
	for _, want := range []string{"simulating: 0 of 2 done", "simulating: 1 of 2 done"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing on the terminal: %q", want, text)
		}
	}
	if !strings.HasSuffix(text, "\r\x1b[K") {
		t.Errorf("something is left on the terminal: %q", text)
	}
	if code := execute(t.Context(), newRoot(), args, &elsewhere, &errOut); code != exitOK || complaints(errOut.String()) != "" {
		t.Errorf("exit code %d, and elsewhere %q", code, errOut.String())
	}
	if onTerminal.String() != elsewhere.String() {
		t.Errorf("on a terminal it prints\n%s, elsewhere\n%s", onTerminal.String(), elsewhere.String())
	}
}
