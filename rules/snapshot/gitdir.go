package snapshot

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

const (
	maxSmallFile  = 64 << 10 // bytes of HEAD, a loose ref, a .git file
	maxConfigFile = 1 << 20
	maxPackedRefs = 64 << 20
	sha1Len       = 20
	sha256Len     = 32
)

// gitRepo is where a repository keeps its things.
type gitRepo struct {
	dir        string // HEAD and index: ".git", or one of several work trees' own folder
	common     string // objects, refs and config, shared between work trees
	work       string // top of the work tree; "" for a bare repository
	idLen      int    // bytes of an object id
	ignoreCase bool   // core.ignoreCase
	reftable   bool   // refs are kept in a format that is not read here
}

// findRepo looks for the repository that dir belongs to: dir itself when bare, or the nearest folder at or
// above it with a .git. It returns nil when there is none.
func findRepo(dir string) (*gitRepo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find repository: %w", err)
	}
	if abs, err = filepath.EvalSymlinks(abs); err != nil {
		return nil, fmt.Errorf("find repository: %w", err)
	}
	if IsBare(abs) {
		return openRepo(abs, ""), nil
	}
	for at := abs; ; at = filepath.Dir(at) {
		if gitDir := gitDirOf(at); gitDir != "" {
			return openRepo(gitDir, at), nil
		}
		if filepath.Dir(at) == at {
			return nil, nil //nolint:nilnil // no repository is an ordinary answer here
		}
	}
}

// gitDirOf returns the git directory that work/.git is or points to; "" when there is none.
func gitDirOf(work string) string {
	dotGit := filepath.Join(work, ".git")
	info, err := os.Stat(dotGit)
	if err != nil {
		return ""
	}
	if info.IsDir() {
		if isGitDir(dotGit) {
			return dotGit
		}
		return ""
	}
	text, err := readSmall(dotGit, maxSmallFile)
	if err != nil {
		return ""
	}
	target, ok := strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), "gitdir:")
	if !ok {
		return ""
	}
	target = filepath.FromSlash(strings.TrimSpace(target))
	if !filepath.IsAbs(target) {
		target = filepath.Join(work, target)
	}
	if !isGitDir(target) {
		return ""
	}
	return target
}

// isGitDir reports whether dir holds a HEAD and, itself or through commondir, objects and refs.
func isGitDir(dir string) bool {
	if info, err := os.Lstat(filepath.Join(dir, "HEAD")); err != nil || info.IsDir() {
		return false
	}
	common := commonDir(dir)
	return isDir(filepath.Join(common, "objects")) && isDir(filepath.Join(common, "refs"))
}

// IsBare reports whether dir itself is a git repository without a work tree: HEAD, objects and refs lie in it.
func IsBare(dir string) bool {
	return isGitDir(dir) && filepath.Base(dir) != ".git"
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// commonDir returns the folder that the work trees of a repository share.
func commonDir(gitDir string) string {
	text, err := readSmall(filepath.Join(gitDir, "commondir"), maxSmallFile)
	if err != nil {
		return gitDir
	}
	common := filepath.FromSlash(strings.TrimSpace(string(text)))
	if !filepath.IsAbs(common) {
		common = filepath.Join(gitDir, common)
	}
	return common
}

// openRepo reads the few settings that change how a repository is read. A config that cannot be read counts as empty.
func openRepo(gitDir, work string) *gitRepo {
	r := &gitRepo{dir: gitDir, common: commonDir(gitDir), work: work, idLen: sha1Len}
	text, err := readSmall(filepath.Join(r.common, "config"), maxConfigFile)
	if err != nil {
		return r
	}
	settings := parseConfig(text)
	if strings.EqualFold(settings["extensions.objectformat"], "sha256") {
		r.idLen = sha256Len
	}
	r.reftable = strings.EqualFold(settings["extensions.refstorage"], "reftable")
	if v, set := settings["core.ignorecase"]; set {
		r.ignoreCase = v == "" || strings.EqualFold(v, "true") || strings.EqualFold(v, "yes") || strings.EqualFold(v, "on") || v == "1"
	}
	return r
}

// parseConfig reads "section.key" of the sections without a subsection; a key without a value is "".
func parseConfig(text []byte) map[string]string {
	settings := make(map[string]string)
	section := ""
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "["); ok {
			name, after, closed := strings.Cut(rest, "]")
			if !closed {
				continue
			}
			section, line = strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(after)
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if i := strings.IndexAny(value, "#;"); i >= 0 {
			value = value[:i]
		}
		settings[section+"."+strings.ToLower(strings.TrimSpace(key))] = strings.Trim(strings.TrimSpace(value), `"`)
	}
	return settings
}

func (r *gitRepo) head() (branch, commit string, err error) {
	if r.reftable {
		return "", "", fmt.Errorf("refs are kept as reftable: %w", ErrUnsupported)
	}
	text, err := readSmall(filepath.Join(r.dir, "HEAD"), maxSmallFile)
	if err != nil {
		return "", "", fmt.Errorf("read HEAD: %w", err)
	}
	target, symbolic := strings.CutPrefix(strings.TrimSpace(string(text)), "ref:")
	if !symbolic {
		if id := strings.TrimSpace(string(text)); r.isID(id) {
			return "", id, nil
		}
		return "", "", fmt.Errorf("HEAD is damaged: %w", ErrNoHistory)
	}
	target = strings.TrimSpace(target)
	branch, _ = strings.CutPrefix(target, "refs/heads/")
	commit, err = r.ref(target)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", "", err
	}
	return branch, commit, nil
}

// isID reports whether s is a full object id in lower-case hex.
func (r *gitRepo) isID(s string) bool {
	if len(s) != 2*r.idLen || strings.ToLower(s) != s {
		return false
	}
	_, err := hex.DecodeString(s)
	return err == nil
}

// ref returns the id that a full ref name ("refs/heads/main") stands for, following symbolic refs. The id
// may be that of an annotated tag.
func (r *gitRepo) ref(name string) (string, error) {
	if r.reftable {
		return "", fmt.Errorf("refs are kept as reftable: %w", ErrUnsupported)
	}
	for range 5 {
		if !strings.HasPrefix(name, "refs/") || unsafePath(name) != "" {
			return "", fmt.Errorf("ref %q: %w", name, ErrNotFound)
		}
		text, err := r.looseRef(name)
		if err != nil {
			return r.packedRef(name)
		}
		value := strings.TrimSpace(string(text))
		if r.isID(value) {
			return value, nil
		}
		target, symbolic := strings.CutPrefix(value, "ref:")
		if !symbolic {
			return "", fmt.Errorf("ref %q is damaged: %w", name, ErrNotFound)
		}
		name = strings.TrimSpace(target)
	}
	return "", fmt.Errorf("ref %q points around in circles: %w", name, ErrNotFound)
}

// looseRef reads a ref from its own file: first the work tree's own, then the shared one.
func (r *gitRepo) looseRef(name string) ([]byte, error) {
	path := filepath.FromSlash(name)
	text, err := readSmall(filepath.Join(r.dir, path), maxSmallFile)
	if err != nil && r.common != r.dir {
		return readSmall(filepath.Join(r.common, path), maxSmallFile)
	}
	return text, err
}

func (r *gitRepo) packedRef(name string) (id string, err error) {
	err = r.eachPackedRef(func(n, i string) bool {
		if n == name {
			id = i
		}
		return n != name
	})
	if err == nil && id == "" {
		err = fmt.Errorf("ref %q: %w", name, ErrNotFound)
	}
	return id, err
}

// readSmall reads a regular file of at most limit bytes.
func readSmall(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	f, err := os.Open(path) //nolint:gosec // one of git's own files
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	return readBounded(f, limit)
}

// readBounded reads all of f, or fails with ErrTooLarge when there is more than limit.
func readBounded(f io.Reader, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	n, err := buf.ReadFrom(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, ErrTooLarge
	}
	return buf.Bytes(), nil
}
