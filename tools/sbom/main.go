// Command sbom writes the SBOM of the container image: that of the program in it, and the files beside it. It prints CycloneDX, as
// JSON, with the time of the commit, so that two builds are equal.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
)

func main() {
	binary := flag.String("binary", "", "the SBOM of the program, from cyclonedx-gomod")
	root := flag.String("root", "", "the folder with the other files of the image")
	seconds := flag.Int64("time", 0, "the time of the commit, in seconds since 1970")
	flag.Parse()
	if err := write(*binary, *root, *seconds); err != nil {
		fmt.Fprintln(os.Stderr, "sbom:", err)
		os.Exit(1)
	}
}

func write(binary, root string, seconds int64) error {
	file, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer file.Close()
	var bom cyclonedx.BOM
	if err := cyclonedx.NewBOMDecoder(file, cyclonedx.BOMFileFormatJSON).Decode(&bom); err != nil {
		return fmt.Errorf("%s: %w", binary, err)
	}
	if bom.Metadata == nil || bom.Metadata.Component == nil || bom.Components == nil {
		return fmt.Errorf("%s: it names no program and no modules", binary)
	}
	program := *bom.Metadata.Component
	components := append([]cyclonedx.Component{program}, *bom.Components...)
	files, err := filesOf(root)
	if err != nil {
		return err
	}
	components = append(components, files...)
	bom.Components = &components
	bom.Metadata.Timestamp = time.Unix(seconds, 0).UTC().Format(time.RFC3339)
	bom.Metadata.Component = &cyclonedx.Component{
		BOMRef: "image", Type: cyclonedx.ComponentTypeContainer, Name: "lagscaler/lagscaler", Version: program.Version,
	}
	if bom.Dependencies != nil {
		parts := []string{program.BOMRef}
		for _, f := range files {
			parts = append(parts, f.BOMRef)
		}
		all := append([]cyclonedx.Dependency{{Ref: "image", Dependencies: &parts}}, *bom.Dependencies...)
		bom.Dependencies = &all
	}
	return cyclonedx.NewBOMEncoder(os.Stdout, cyclonedx.BOMFileFormatJSON).SetPretty(true).Encode(&bom)
}

// filesOf are the files of a folder, with their hashes.
func filesOf(root string) ([]cyclonedx.Component, error) {
	var list []cyclonedx.Component
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		list = append(list, cyclonedx.Component{
			BOMRef: "/" + name, Type: cyclonedx.ComponentTypeFile, Name: "/" + name,
			Hashes: &[]cyclonedx.Hash{{Algorithm: cyclonedx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}},
		})
		return nil
	})
	return list, err
}
