package closedloop

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// CanStepClocks reports whether the clock of a daemon can be set.
//
// Its code and its libraries read the clock in many places. So a daemon of these tests replaces the function with which Linux tells
// the time to this process, clock_gettime of the vDSO, by one that asks the kernel and adds what a file says to the wall clock. As
// when the clock of a machine is set, the monotonic clock goes on as before.
const CanStepClocks = true

// skewedClock is clock_gettime(edi: which clock, rsi: where to): the address in the middle is where the seconds are that it adds.
//
//	mov eax, 228; syscall; test eax, eax; jne end; test edi, edi; jne end; mov rcx, ADDRESS; mov rcx, [rcx]; add [rsi], rcx; end: ret
func skewedClock(seconds uintptr) []byte {
	code := []byte{0xb8, 228, 0, 0, 0, 0x0f, 0x05, 0x85, 0xc0, 0x75, 20, 0x85, 0xff, 0x75, 16, 0x48, 0xb9}
	code = binary.LittleEndian.AppendUint64(code, uint64(seconds))
	return append(code, 0x48, 0x8b, 0x09, 0x48, 0x01, 0x0e, 0xc3)
}

// jump is a jump to an address.
func jump(to uintptr) []byte {
	return append(binary.LittleEndian.AppendUint64([]byte{0x48, 0xb8}, uint64(to)), 0xff, 0xe0)
}

// skewClock lets the wall clock of this process be wrong by the seconds in the file, which the test writes.
func skewClock(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	seconds, err := syscall.Mmap(int(f.Fd()), 0, os.Getpagesize(), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return fmt.Errorf("mapping %s: %w", file, err)
	}
	code, err := syscall.Mmap(-1, 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return fmt.Errorf("mapping code: %w", err)
	}
	copy(code, skewedClock(uintptr(unsafe.Pointer(&seconds[0]))))
	if err := syscall.Mprotect(code, syscall.PROT_READ|syscall.PROT_EXEC); err != nil {
		return fmt.Errorf("protecting code: %w", err)
	}
	vdso, err := mappedVDSO()
	if err != nil {
		return err
	}
	at, err := clockIn(vdso)
	if err != nil {
		return err
	}
	if err := syscall.Mprotect(vdso, syscall.PROT_READ|syscall.PROT_WRITE|syscall.PROT_EXEC); err != nil {
		return fmt.Errorf("making the vDSO writable: %w", err)
	}
	copy(vdso[at:], jump(uintptr(unsafe.Pointer(&code[0]))))
	return syscall.Mprotect(vdso, syscall.PROT_READ|syscall.PROT_EXEC)
}

// mappedVDSO is the memory of the vDSO.
func mappedVDSO() ([]byte, error) {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return nil, err
	}
	for line := range bytes.Lines(maps) {
		var from, to uintptr
		if !bytes.HasSuffix(line, []byte("[vdso]\n")) {
			continue
		}
		if _, err := fmt.Sscanf(string(line), "%x-%x", &from, &to); err != nil {
			return nil, fmt.Errorf("%q: %w", line, err)
		}
		return unsafe.Slice(*(**byte)(unsafe.Pointer(&from)), to-from), nil // the kernel's memory: nothing moves it
	}
	return nil, errors.New("this process has no vDSO")
}

// clockIn is where clock_gettime begins.
func clockIn(vdso []byte) (int, error) {
	file, err := elf.NewFile(bytes.NewReader(vdso))
	if err != nil {
		return 0, fmt.Errorf("the vDSO: %w", err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return 0, fmt.Errorf("the vDSO: %w", err)
	}
	for _, s := range symbols {
		if s.Name == "__vdso_clock_gettime" && s.Size >= uint64(len(jump(0))) {
			return int(s.Value), nil
		}
	}
	return 0, errors.New("the vDSO has no clock_gettime, or one that is too short")
}
