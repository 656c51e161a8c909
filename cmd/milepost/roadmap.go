package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"milepost/bot/evaluate"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/roadmaps"
	"milepost/rules/strict"
	"milepost/rules/words"
	"milepost/storage"
)

// stacks are the names for which a milestone can be explained.
var stacks = slices.Concat(words.Stacks, words.Frameworks)

func newRoadmap(std streams, getenv func(string) string) *cobra.Command {
	cmd := group(&cobra.Command{Use: "roadmap", Short: "List, explain, validate and test roadmaps"})
	var file, stack string
	list := &cobra.Command{
		Use: "list", Short: "List the steps and milestones", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			r, err := loadRoadmap(file)
			if err != nil {
				return err
			}
			return listRoadmap(std, r)
		},
	}
	explain := &cobra.Command{
		Use: "explain ID", Short: "Explain a milestone: why, how it is recognised, how to reach it", Args: takes(1, 1, "the id of one milestone, as `milepost roadmap list` shows them"),
		RunE: func(_ *cobra.Command, args []string) error {
			r, err := loadRoadmap(file)
			if err != nil {
				return err
			}
			return explainMilestone(std, r, args[0], stack)
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			r, err := loadRoadmap("")
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			return r.IDs(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	explain.Flags().StringVar(&stack, "stack", "", "words for this `STACK`: "+strings.Join(stacks, ", "))
	for _, c := range []*cobra.Command{list, explain} {
		c.Flags().StringVar(&file, "roadmap", "", "a roadmap `FILE` of your own instead of the built-in one")
	}
	cmd.AddCommand(list, explain,
		&cobra.Command{
			Use: "validate FILE", Short: "Check a roadmap file; every fault comes with file, line and column", Args: takes(1, 1, "one roadmap file"),
			RunE: func(_ *cobra.Command, args []string) error {
				r, err := loadRoadmap(args[0])
				if err != nil {
					return faultsOf(err)
				}
				_, err = fmt.Fprintf(std.out, "%s is valid: %d steps, %d milestones\n", args[0], len(r.Steps), len(r.IDs()))
				return err
			},
		},
		newRoadmapTest(std),
		newRoadmapDiff(std, getenv),
		&cobra.Command{
			Use: "schema", Short: "Print the JSON Schema of roadmap files, for editors", Args: cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				out, err := rules.JSONSchema()
				if err != nil {
					return err
				}
				_, err = std.out.Write(out)
				return err
			},
		})
	return cmd
}

// faultsOf says how many faults there are before it lists them.
func faultsOf(err error) error {
	var faults strict.Faults
	if errors.As(err, &faults) && len(faults) > 1 {
		return fmt.Errorf("%d faults:\n%w", len(faults), err)
	}
	return err
}

func listRoadmap(std streams, r *rules.Roadmap) error {
	for i, s := range r.Steps {
		if _, err := fmt.Fprintf(std.out, "%2d  %s\n", i+1, s.Title); err != nil {
			return err
		}
		for _, m := range s.Milestones {
			tier := ""
			if m.Tier == rules.Bonus {
				tier = "  (bonus)"
			}
			if _, err := fmt.Fprintf(std.out, "    %-28s %s%s\n", m.ID, m.Title, tier); err != nil {
				return err
			}
		}
	}
	return nil
}

func explainMilestone(std streams, r *rules.Roadmap, id, stack string) error {
	m, s, ok := r.Milestone(id)
	if !ok {
		hint := "; `milepost roadmap list` shows them all"
		if near := strict.Nearest(id, r.IDs()); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Errorf("there is no milestone %q%s", id, hint)
	}
	if stack != "" && !slices.Contains(stacks, stack) {
		return fmt.Errorf("there is no stack %q; use one of %s", stack, strings.Join(stacks, ", "))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s · %s · %s", m.Title, s.Title, m.Kind, m.Tier)
	if m.Effort != "" {
		fmt.Fprintf(&b, " · about %s", m.Effort)
	}
	part := func(head, text string) {
		if text = strings.TrimSpace(text); text != "" {
			fmt.Fprintf(&b, "\n\n%s\n%s", head, text)
		}
	}
	setup := rules.StackNamed(stack)
	part("Why", m.Why)
	part("How it is recognised", m.Signal)
	part("What to do", m.Next.For(setup))
	part("Hint", m.Hints.Nudge.For(setup))
	part("Where to look", m.Hints.Pointer.For(setup))
	part("Example", m.Hints.Example.For(setup))
	if st, ok := m.Starter.For(setup); ok {
		part("A file to begin with: "+st.Path, st.Content)
	}
	b.WriteString("\n")
	_, err := fmt.Fprint(std.out, b.String())
	return err
}

func newRoadmapTest(std streams) *cobra.Command {
	return &cobra.Command{
		Use:   "test [FILE]",
		Short: "Run the examples that the rules carry",
		Long: `Runs the examples of every milestone and says which got another status than they must, or no action. Examples of the roadmap FILE stand beside it in the
folder FILE without its ending, then .examples: mine.yaml has mine.examples/<milestone>.txtar. Without FILE the built-in roadmap is tested.`,
		Args: takes(0, 1, "one roadmap file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := ""
			var fsys fs.FS
			dir := "."
			if len(args) == 1 {
				file = args[0]
				fsys = os.DirFS(strings.TrimSuffix(file, filepath.Ext(file)) + ".examples")
			} else {
				fsys, dir = roadmaps.Files(), path.Join(roadmaps.Default, "examples")
			}
			r, err := loadRoadmap(file)
			if err != nil {
				return faultsOf(err)
			}
			return testRoadmap(cmd, std, r, fsys, dir)
		},
	}
}

func testRoadmap(cmd *cobra.Command, std streams, r *rules.Roadmap, fsys fs.FS, dir string) error {
	names, err := fs.Glob(fsys, path.Join(dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		return errors.New("no examples were found; see `milepost roadmap test --help` for where they stand")
	}
	ran, failed := 0, 0
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return fmt.Errorf("the examples cannot be read: %w", err)
		}
		examples, err := rules.ParseExamples(strings.TrimSuffix(path.Base(name), ".txtar"), data)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, e := range examples {
			got, err := e.Run(cmd.Context(), r)
			if err != nil {
				return err
			}
			ran++
			switch open := got.Status == rules.Missing || got.Status == rules.Partial; {
			case got.Status != e.Want:
				failed++
				fmt.Fprintf(std.out, "FAIL %s %s/%s: got %s (%s)\n", e.Milestone, e.Want, e.Name, got.Status, got.Reason)
			case open && got.Next == "":
				failed++
				fmt.Fprintf(std.out, "FAIL %s %s/%s: the roadmap says no next action for it (%s)\n", e.Milestone, e.Want, e.Name, got.Reason)
			}
		}
	}
	fmt.Fprintf(std.out, "%d examples, %d failed\n", ran, failed)
	if failed > 0 {
		return fmt.Errorf("%s got another status than they must", render.Count(failed, "example"))
	}
	return nil
}

func newRoadmapDiff(std streams, getenv func(string) string) *cobra.Command {
	return &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say who would keep, gain and lose what by another roadmap",
		Long: `Judges every repository in the database (DATABASE_URL) by two roadmaps, from stored facts alone: no call is made to GitHub. OLD and NEW are files,
or the id of a built-in roadmap.`,
		Example: "  milepost roadmap diff backend ours.yaml",
		Args:    takes(2, 2, "two roadmaps, the old one and the new one"),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			var two [2]*rules.Roadmap
			for i, name := range args {
				if name == roadmaps.Default {
					name = ""
				}
				if two[i], err = loadRoadmap(name); err != nil {
					return faultsOf(err)
				}
			}
			store, err := storage.Open(cmd.Context(), getenv("DATABASE_URL"), storage.Options{Shared: true, NoMigrate: true})
			if err != nil {
				return err
			}
			defer func() {
				if cerr := store.Close(); err == nil {
					err = cerr
				}
			}()
			diff, err := evaluate.DiffRoadmaps(cmd.Context(), store, two[0], two[1], time.Now)
			if err != nil {
				return err
			}
			return printDiff(std, diff)
		},
	}
}

func printDiff(std streams, d evaluate.RoadmapDiff) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%d repositories keep what they have, %d would change", d.Keep, len(d.Changed))
	if d.Unknown > 0 {
		fmt.Fprintf(&b, "; of %d it is known only once their files are read by the new rules", d.Unknown)
	}
	b.WriteString("\n")
	for _, r := range d.Changed {
		fmt.Fprintf(&b, "\n%s\n", r.Name)
		if len(r.Gains) > 0 {
			fmt.Fprintf(&b, "  gains %s\n", strings.Join(r.Gains, ", "))
		}
		if len(r.Losses) > 0 {
			fmt.Fprintf(&b, "  loses %s\n", strings.Join(r.Losses, ", "))
		}
	}
	_, err := fmt.Fprint(std.out, b.String())
	return err
}
