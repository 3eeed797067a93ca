package kafka

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// helperVariable turns the test binary into the parent that is killed.
const helperVariable = "LAGSCALER_TEST_PARENT"

// A child outlives neither a clean end of its parent nor a SIGKILL.
func TestChildrenDieWithTheirParent(t *testing.T) {
	if os.Getenv(helperVariable) != "" {
		p, err := startProcess(exec.Command("sleep", "600"))
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("child " + strconv.Itoa(p.cmd.Process.Pid) + "\n")
		<-p.done
		return
	}
	parent := exec.Command(os.Args[0], "-test.run=^TestChildrenDieWithTheirParent$")
	parent.Env = append(os.Environ(), helperVariable+"=1")
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	child := 0
	for lines := bufio.NewScanner(stdout); child == 0 && lines.Scan(); {
		if pid, ok := strings.CutPrefix(lines.Text(), "child "); ok {
			child, _ = strconv.Atoi(pid)
		}
	}
	if child == 0 {
		t.Fatal("the parent started no child")
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // "signal: killed"
	Eventually(t, "the child to die", func() error {
		if syscall.Kill(child, 0) == nil && !zombie(child) {
			return errors.New("it lives")
		}
		return nil
	})
}

// zombie says whether a process has ended and only nobody has waited for it.
func zombie(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && strings.Contains(string(stat), ") Z ")
}
